// Doing an act on a case, wherever it was asked for: it is sent, said, and shown.
import { ref } from "vue";
import { Refused, newKey, post } from "../api/client";
import type { Incident } from "../api/types";
import { type ActName, isLifeSafety, isUnheard } from "../state/board";
import { startWork } from "../casework/working";
import { board, readOne } from "../state/live";
import { refreshed } from "../state/board";
import { muteNow } from "../state/mutes";
import { say } from "../state/say";
import { w } from "../words";

const ASKS = new Set<string>(["verify", "resolve", "escalate", "notes", "handover", "decline", "script", "call"]);

/** What is being asked for now, over the page. */
export const asking = ref<{ one: Incident; act: ActName | "script" | "call" } | null>(null);

export async function begin(name: string, one: Incident): Promise<void> {
  if (name === "mute") return muteNow();
  if (startWork(name, one, board.value.stale.has(one.id))) return;
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
