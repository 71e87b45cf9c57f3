// Which incidents justify a look at what is masked, and what a refusal of it means. Pure.
import type { Incident } from "../api/types";
import { byUrgency, isLive } from "./board";

const JUSTIFIES_FOR = 30 * 86_400_000; // after its end, as the service has it
const TRIAL = "trial"; // the policy of what only carries a device's test to whoever tries it

/** Not closed, or a visit 回访 is owed yet; and where it ended, not for so long that it was only forgotten. */
export function justifies(one: Incident, at: number): boolean {
  if (one.policy === TRIAL) return false;
  if (one.state === "closed" && !one.owed.some((each) => each.what === "follow_up")) return false;
  return isLive(one) || !one.resolved_at || at - Date.parse(one.resolved_at) <= JUSTIFIES_FOR;
}

/** Those that justify it: what goes on first, as urgent as it is; then what ended, the newest first. */
export const justifying = (all: readonly Incident[], at: number): Incident[] =>
  all.filter((one) => justifies(one, at)).sort((a, b) => Number(isLive(b)) - Number(isLive(a)) || (isLive(a) ? byUrgency(a, b) : (b.resolved_at ?? "").localeCompare(a.resolved_at ?? "")));

/** The service's refusal, as a word of the console; "" where its own text says it. `home`: a household was asked for. */
export function refusalWord(status: number, home: boolean): string {
  if (status === 409) return "closed";
  if (status === 429) return "spent";
  if (status === 404 && home) return "none";
  return status >= 500 ? "unwritten" : "";
}
