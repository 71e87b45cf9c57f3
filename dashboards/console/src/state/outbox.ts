// Acts that wait for a network: kept in this browser, sent in order, each under its key, so that none is done twice.
import { computed, ref, shallowRef } from "vue";
import { Refused, address, newKey, postTo } from "../api/client";
import type { Incident } from "../api/types";
import type { ActName } from "./board";

/** One POST. `subject`: the incident, device or place that it is about; `act`: what the person did to it. */
export interface Waiting {
  key: string;
  path: string;
  subject: string;
  act: string;
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

/** Does an act on an incident now, or as soon as there is a network. Gives it, or null where it waits. Throws Refused. */
export const act = (incident: string, name: ActName, body: Record<string, unknown> = {}): Promise<Incident | null> =>
  submit<Incident>({ path: address(`/api/v1/incidents/{id}/${name}`, { path: { id: incident } }), subject: incident, act: name, body });

/** The same of any POST: the answer, or null where it waits. */
export async function submit<T>(wanted: Pick<Waiting, "path" | "subject" | "act" | "body">): Promise<T | null> {
  const one: Waiting = { ...wanted, key: newKey(), at: Date.now() };
  if (waiting.value.length) {
    keep([...waiting.value, one]); // acts keep their order
    void flush();
    return null;
  }
  try {
    return (await send(one)) as T;
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

const send = (one: Waiting): Promise<unknown> => postTo(one.path, one.body, one.key);

function keep(next: Waiting[]): void {
  waiting.value = next;
  localStorage.setItem(KEY, JSON.stringify(next));
}

function load(): Waiting[] {
  try {
    return (JSON.parse(localStorage.getItem(KEY) ?? "[]") as Waiting[]).filter((each) => each.path);
  } catch {
    return [];
  }
}
