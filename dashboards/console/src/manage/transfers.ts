// What a transfer says of itself, for a page. Pure.
import type { Transfer } from "../api/types";

export interface Counted {
  how: string;
  count: number;
  kinds: { kind: string; count: number }[];
}

const HOWS = ["added", "changed", "removed"];
const PHASES = ["reading", "comparing", "writing"];

export const isBusy = (one: Transfer): boolean => one.state === "running";

/** A trial without problems that would change something. */
export const isReadyToApply = (one: Transfer): boolean =>
  one.what === "trial" && one.state === "done" && one.found !== null && one.found.wrong === 0 && Object.keys(one.found.counts).length > 0;

/** How far it is, from 0 to 1; null: not known yet. */
export function barOf(one: Transfer): { value: number | null } {
  const phase = PHASES.indexOf(one.phase);
  if (phase < 1 && !one.of) return { value: null };
  return { value: (Math.max(0, phase) + (one.of ? one.done / one.of : 0)) / PHASES.length };
}

/** `{"added device": 3}` by how, the largest kinds first. */
export function countsOf(counts: Record<string, number>): Counted[] {
  return HOWS.flatMap((how) => {
    const kinds = Object.entries(counts)
      .filter(([key]) => key.startsWith(`${how} `))
      .map(([key, count]) => ({ kind: key.slice(how.length + 1), count }))
      .sort((a, b) => b.count - a.count);
    return kinds.length ? [{ how, count: kinds.reduce((sum, each) => sum + each.count, 0), kinds }] : [];
  });
}
