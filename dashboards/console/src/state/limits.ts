// The limits that a case is held to (taken up in 60 s, on the scene in 3 minutes …), as they run on the screen. Pure.
import type { Incident } from "../api/types";

type Clock = NonNullable<Incident["clocks"]>[number];

export interface Limit {
  /** Milliseconds allowed. */
  limit: number;
  /** Milliseconds left; less than nothing: late by as much. */
  left: number;
  isMet: boolean;
  isLate: boolean;
  /** Of an arrival that was met: 未核实到场. */
  isUnproven: boolean;
}

/** The stages of a case by the names of their clocks. */
export const CLOCKS: Record<string, string> = { acknowledged: "acknowledge", verified: "verify", on_scene: "on_scene" };

/** `at`: now, or when the case ended. What was read some time ago runs on by itself. */
export function limitOf(clocks: readonly Clock[] | undefined, stage: string, at: number): Limit | null {
  const clock = clocks?.find((each) => each.name === CLOCKS[stage]);
  if (!clock) return null;
  const left = Date.parse(clock.due_at) - (clock.met_at ? Date.parse(clock.met_at) : at);
  return { limit: clock.limit * 1000, left, isMet: clock.met_at !== null, isLate: left < 0, isUnproven: clock.proven === false };
}
