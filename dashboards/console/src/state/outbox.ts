// Acts that wait for a network: kept in this browser, sent in order, each under its key, so that none is done twice.
import { computed, ref, shallowRef } from "vue";
import { Refused, newKey, post } from "../api/client";
import type { Incident } from "../api/types";
import type { ActName } from "./board";

export interface Waiting {
  key: string;
  incident: string;
  act: ActName;
  body: Record<string, unknown>;
  at: number;
}

const KEY = "shouwang.outbox";
const AGAIN = 3_000;

export const waiting = shallowRef<Waiting[]>(load());
export const count = computed(() => waiting.value.length);
/** What the service did not accept, in its own words. */
export const refused = ref("");
let sending = false;

/** Does an act now, or as soon as there is a network. Gives the incident, or null where it waits. Throws Refused. */
export async function act(incident: string, name: ActName, body: Record<string, unknown> = {}): Promise<Incident | null> {
  const one: Waiting = { key: newKey(), incident, act: name, body, at: Date.now() };
  if (waiting.value.length) {
    keep([...waiting.value, one]); // acts keep their order
    void flush();
    return null;
  }
  try {
    return await send(one);
  } catch (error) {
    if (error instanceof Refused && error.status < 500) throw error;
    keep([...waiting.value, one]);
    setTimeout(() => void flush(), AGAIN);
    return null;
  }
}

/** Sends what waits. What the service refuses is dropped and said; what cannot be sent stays. */
export async function flush(): Promise<void> {
  if (sending) return;
  sending = true;
  try {
    while (waiting.value.length) {
      const [first] = waiting.value;
      if (!first) break;
      try {
        await send(first);
      } catch (error) {
        if (!(error instanceof Refused) || error.status >= 500 || error.status === 401 || error.status === 429) break;
        refused.value = error.message;
      }
      keep(waiting.value.filter((each) => each.key !== first.key));
    }
  } finally {
    sending = false;
    if (waiting.value.length) setTimeout(() => void flush(), AGAIN);
  }
}

window.addEventListener("online", () => void flush());
if (waiting.value.length) setTimeout(() => void flush(), 500);

function send(one: Waiting): Promise<Incident> {
  const path = `/api/v1/incidents/{incident_id}/${one.act}` as "/api/v1/incidents/{incident_id}/acknowledge";
  return post(path, one.body, { path: { incident_id: one.incident }, key: one.key });
}

function keep(next: Waiting[]): void {
  waiting.value = next;
  localStorage.setItem(KEY, JSON.stringify(next));
}

function load(): Waiting[] {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "[]") as Waiting[];
  } catch {
    return [];
  }
}
