// Figures over what the report of responses counts. Pure.
import type { Answered } from "../api/types";

export interface Day {
  key: string;
  cases: number;
  false: number;
}

/** A line for each of these days, those without a case too. */
export function daily(groups: readonly Answered[], days: readonly string[]): Day[] {
  const known = new Map(groups.map((each) => [each.key, each]));
  return days.map((key) => ({ key, cases: known.get(key)?.cases ?? 0, false: known.get(key)?.false ?? 0 }));
}

/** Of those that are over, how many in a hundred were real; null of none. */
export function realShare(outcomes: readonly Answered[]): number | null {
  const over = outcomes.filter((each) => each.key);
  const cases = over.reduce((sum, each) => sum + each.cases, 0);
  return cases ? Math.round((100 * (over.find((each) => each.key === "real")?.cases ?? 0)) / cases) : null;
}

/** The share is below what should make it; a target of 0 is counted, and none of ours. */
export const isBelow = (share: number, wanted: number, cases: number): boolean => cases > 0 && wanted > 0 && share < wanted;

/** Those with most cases first, but hours in their order. */
export function inOrder(by: string, groups: readonly Answered[]): Answered[] {
  return by === "hour" ? [...groups] : [...groups].sort((a, b) => b.cases - a.cases || a.key.localeCompare(b.key));
}
