// Figures over cases. Pure.
import type { Incident } from "../api/types";

/** The value below which a share of the values lies; null of none. */
export function quantile(values: readonly number[], share: number): number | null {
  if (!values.length) return null;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? null;
}

/** How many of each, most first. */
export function countBy(values: readonly string[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]);
}

export interface Day {
  at: string;
  count: number;
  falseAlarms: number;
}

/** The newest days up to the newest case, oldest first, those without a case too. */
export function byDay(cases: readonly Incident[], most: number): Day[] {
  const key = (at: number): string => new Date(at).toISOString().slice(0, 10);
  const newest = Math.max(...cases.map((one) => Date.parse(one.opened_at)));
  const days = new Map<string, Day>();
  for (let back = most - 1; back >= 0; back--) {
    const at = newest - back * 86_400_000;
    if (Number.isFinite(at)) days.set(key(at), { at: new Date(at).toISOString(), count: 0, falseAlarms: 0 });
  }
  for (const one of cases) {
    const found = days.get(key(Date.parse(one.opened_at)));
    if (!found) continue;
    found.count++;
    if (one.outcome === "false_alarm") found.falseAlarms++;
  }
  return [...days.values()];
}
