// Acts that wait for a network: kept in this browser, sent in order, each under its key, so that none is done twice.
import { computed, ref, shallowRef } from "vue";
import { Refused, address, newKey, postTo, uploadTo } from "../api/client";
import type { Incident } from "../api/types";
import type { ActName } from "./board";
import { now } from "./clock";
import { dropPhoto, keepPhoto, photoOf } from "./photos";

/** One POST. `subject`: the incident, device or place that it is about; `act`: what the person did to it. `photo`: its body
 * is the photo kept under its key; `proves`: an arrival is posted there afterwards, with the photo as its proof. */
export interface Waiting {
  key: string;
  path: string;
  subject: string;
  act: string;
  body: Record<string, unknown>;
  at: number;
  photo?: boolean;
  proves?: string;
}

const KEY = "shouwang.outbox";
const AGAIN = 3_000;

export const waiting = shallowRef<Waiting[]>(load());
export const count = computed(() => waiting.value.length);
/** What the service did not accept, in its own words. */
export const refused = ref("");
let sending = false;

/** Does an act on an incident now, or as soon as there is a network; it bears the time at which it was done. Gives the
 * answer (of an act the incident), or null where it waits. Throws Refused. */
export const act = <T = Incident>(incident: string, name: ActName | "checks" | "headcount", body: Record<string, unknown> = {}): Promise<T | null> =>
  submit<T>({ path: address(`/api/v1/incidents/{id}/${name}`, { path: { id: incident } }), subject: incident, act: name, body: { ...body, at: said(now()) } });

/** A photo of a case, in turn after the acts that wait; with `proves` it proves that its taker is there. Throws Refused. */
export async function photograph(incident: string, photo: Blob, proves = false): Promise<boolean> {
  const to = (name: string): string => address(`/api/v1/incidents/{id}/${name}`, { path: { id: incident } });
  return upload({ path: to("files"), subject: incident, ...(proves ? { proves: to("arrive") } : {}) }, photo);
}

/** A photo of a device as it hangs. Throws Refused. */
export const photographDevice = (device: string, photo: Blob): Promise<boolean> =>
  upload({ path: address("/api/v1/devices/{id}/photos", { path: { id: device } }), subject: device }, photo);

/** True where it was sent, false where it waits. */
async function upload(wanted: Pick<Waiting, "path" | "subject" | "proves">, photo: Blob): Promise<boolean> {
  const one: Waiting = { ...wanted, act: "photo", body: {}, photo: true, key: newKey(), at: now() };
  await keepPhoto(one.key, photo);
  return (await hand(one)) !== null;
}

/** The same of any POST: the answer, or null where it waits. */
export async function submit<T>(wanted: Pick<Waiting, "path" | "subject" | "act" | "body">): Promise<T | null> {
  return hand<T>({ ...wanted, key: newKey(), at: now() });
}

const said = (at: number): string => new Date(at).toISOString();

async function hand<T>(one: Waiting): Promise<T | null> {
  if (waiting.value.length) {
    keep([...waiting.value, one]); // acts keep their order
    void flush();
    return null;
  }
  try {
    const answer = (await send(one)) as T;
    if (one.photo) await dropPhoto(one.key);
    return answer;
  } catch (error) {
    if (error instanceof Refused && error.status < 500) {
      if (one.photo) await dropPhoto(one.key);
      throw error;
    }
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
      if (first.photo) await dropPhoto(first.key);
    }
  } finally {
    sending = false;
    if (waiting.value.length) setTimeout(() => void flush(), AGAIN);
  }
}

window.addEventListener("online", () => void flush());
if (waiting.value.length) setTimeout(() => void flush(), 500);

async function send(one: Waiting): Promise<unknown> {
  if (!one.photo) return postTo(one.path, one.body, one.key);
  const photo = await photoOf(one.key);
  if (!photo) return {}; // the browser threw it away to make room; the acts around it still stand
  const kept = (await uploadTo(one.path, photo, one.key)) as { id: string };
  if (one.proves) await postTo(one.proves, { proof: "photo", reference: kept.id, at: said(one.at) }, `${one.key}-proof`);
  return kept;
}

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
