// What is being made of a case, over whatever page: one dialog at a time (CaseWork.vue shows it).
import { shallowRef } from "vue";
import type { Incident } from "../api/types";
import { isLive } from "../state/board";

export const WORKS = ["report", "merge", "split", "entry", "follow-up", "review", "close"] as const;
export type Work = (typeof WORKS)[number];

export const working = shallowRef<{ what: Work; one: Incident | null } | null>(null);

/** Opens the dialog of an act that needs one of these. False: it is none of them, or needs no dialog. `isStale`: facts
 * touched the case since it was read, so that it may owe more than it says. */
export function startWork(name: string, one: Incident | null, isStale = false): boolean {
  if (!(WORKS as readonly string[]).includes(name)) return false;
  if (name === "close" && !one?.owed.length && !isStale) return false; // nothing is owed: it is closed at once
  working.value = { what: name as Work, one };
  return true;
}

/** What may be made of a case now. */
export function isWorkOffered(one: Incident, what: Work): boolean {
  switch (what) {
    case "report":
      return true;
    case "merge":
    case "entry":
      return isLive(one);
    case "split":
      return isLive(one) && one.alerts.length > 1;
    case "follow-up": // more than what is owed: a call to a home with a false alarm is worth a line too
      return isLookedAfter(one);
    case "review":
      return isLookedAfter(one) && !one.reviewed_at;
    case "close":
      return one.state === "resolved";
  }
}

/** Over, and a case of its own and of real life: a drill, or what became part of another, has nothing to look after. */
const isLookedAfter = (one: Incident): boolean => !isLive(one) && !one.drill && !one.test && !one.file?.merged_into;
