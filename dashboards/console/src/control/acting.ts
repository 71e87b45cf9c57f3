// Doing an act on a case, wherever it was asked for: it is sent, said, and shown.
import { ref } from "vue";
import { Refused, newKey, post } from "../api/client";
import type { Incident } from "../api/types";
import { type ActName, isLifeSafety, isUnheard } from "../state/board";
import { startWork } from "../casework/working";
import { board, readOne } from "../state/live";
import { refreshed } from "../state/board";
import { mayRing } from "../state/known";
import { muteNow } from "../state/mutes";
import { say } from "../state/say";
import { w } from "../words";

const ASKS = new Set<string>(["verify", "resolve", "escalate", "notes", "handover", "decline", "script", "list", "call", "count"]);

/** What helps to handle a case without being an act of its own: words to say, the list, calls in order, the headcount. */
export type Aid = "script" | "list" | "call" | "count";

/** What is being asked for now, over the page. */
export const asking = ref<{ one: Incident; act: ActName | Aid } | null>(null);

export async function begin(name: string, one: Incident): Promise<void> {
  if (name === "mute") return muteNow();
  if (startWork(name, one, board.value.stale.has(one.id))) return;
  if (name === "call" && !mayRing(one)) return say(w("casework.noCall"), true);
  if (ASKS.has(name)) {
    asking.value = { one, act: name as ActName };
    return;
  }
  await carryOut(name as ActName, one);
}

export async function carryOut(name: ActName, one: Incident, body: Record<string, unknown> = {}): Promise<void> {
  const path = `/api/v1/incidents/{incident_id}/${name}` as "/api/v1/incidents/{incident_id}/acknowledge";
  try {
    const after = await post(path, body, { path: { incident_id: one.id }, key: newKey() });
    board.value = refreshed(board.value, after, board.value.seq);
    say(w("done", name));
  } catch (error) {
    say(error instanceof Refused ? error.message : w("unreachable"), true);
    void readOne(one.id);
  }
}

/** A step that was done or a call that was made, into the case's file. False: it was not kept, and that is said. */
export async function record(one: Incident, name: "checks" | "calls", body: { item: string } | { service: string; person?: string | null; answered?: boolean; note?: string }): Promise<boolean> {
  const path = `/api/v1/incidents/{incident_id}/${name}` as "/api/v1/incidents/{incident_id}/calls";
  try {
    const after = await post(path, body as { service: string }, { path: { incident_id: one.id }, key: newKey() });
    board.value = refreshed(board.value, after, board.value.seq);
    return true;
  } catch (error) {
    say(error instanceof Refused ? error.message : w("unreachable"), true);
    return false;
  }
}

/** Faults and what is not to life, all at once; never a fire, gas, CO or emergency. */
export async function acknowledgeFaults(all: readonly Incident[]): Promise<void> {
  const these = all.filter((one) => isUnheard(one) && !isLifeSafety(one) && one.class !== "water");
  let done = 0;
  for (let at = 0; at < these.length; at += 4) {
    const some = these.slice(at, at + 4).map((one) => post("/api/v1/incidents/{incident_id}/acknowledge", {}, { path: { incident_id: one.id }, key: newKey() }));
    done += (await Promise.allSettled(some)).filter((each) => each.status === "fulfilled").length;
  }
  say(`${done} ${w("batchDone")}`, done < these.length);
}

export const batchable = (all: readonly Incident[]): number => all.filter((one) => isUnheard(one) && !isLifeSafety(one) && one.class !== "water").length;
