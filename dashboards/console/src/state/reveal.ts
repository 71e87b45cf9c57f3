// Showing what is masked: what is asked for now, and who is offered it. What was shown is never here: the window that
// shows it holds it, and nothing else does.
import { shallowRef } from "vue";
import type { Incident } from "../api/types";
import { may, session } from "./session";

export const SHOWN_FOR = 60_000;

/** One person, or one of several homes. Without an incident, whoever asks chooses it. */
export interface Wanted {
  incident: Incident | null;
  person?: { id: string; name: string };
  homes?: readonly string[];
}

/** What is being asked for, over the page. */
export const wanted = shallowRef<Wanted | null>(null);

/** Whoever answers cases without reading names sees everybody masked, and knows their own name without asking. */
export const isMasked = (person: string): boolean => may("respond") && !may("read_names") && session.value?.person !== person;
