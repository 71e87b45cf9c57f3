// Days, cells and gaps of a roster as people say them.
import type { Gap, RosterCell } from "../api/types";
import { minute, moment, weekday } from "../state/clock";
import { w } from "../words";

const DAY = 86_400_000;
const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/** 2026-11-28 → 周六 11-28 */
export function dayName(day: string): string {
  return `${w("days", DAYS[new Date(`${day}T12:00:00Z`).getUTCDay()])} ${day.slice(5)}`;
}

export const cellName = (cell: RosterCell | undefined): string => (cell ? `${dayName(cell.day)} ${hours(cell.from, cell.to)}` : "");

export const hours = (from: string | number, to: string | number): string => `${minute(at(from))}–${minute(at(to))}`;

/** 周六 11-28 20:00–08:00; the end with its day where that is not the next one. */
export function spanName(from: string, to: string | null | undefined): string {
  if (!to) return instantName(from);
  return `${instantName(from)}–${Date.parse(to) - Date.parse(from) < DAY ? minute(Date.parse(to)) : instantName(to)}`;
}

const instantName = (at: string): string => `${w("days", DAYS[weekday(Date.parse(at))])} ${moment(at).slice(0, -3).replace("/", "-")}`;

/** What is missing, when and where, in one line. */
export function gapLine(gap: Gap, name: (id: string) => string): string {
  const when = gap.from ? `${spanName(gap.from, gap.to)} ` : "";
  const whose = gap.person ? name(gap.person) : (gap.where?.label ?? gap.zone ?? "");
  return `${when}${w("gapKinds", gap.kind)}${whose ? ` · ${whose}` : ""}`;
}

const at = (given: string | number): number => (typeof given === "number" ? given : Date.parse(given));
