// A timeline of readings as people write it by hand, and a trial's result laid on a time axis. Pure.
import type { Tried } from "../api/types";

export interface HandLine {
  at: number;
  device: string;
  metric: string;
  value: boolean | number | string | null;
  tick: boolean;
}

const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
export const MOST = 2_000;

/** `10s temperature=58`, `1m30s b3-501 smoke=true`, `5m tick`; a line that begins with # says nothing. Wrong lines by number, from 1. */
export function readTimeline(text: string): { lines: HandLine[]; wrong: number[] } {
  const lines: HandLine[] = [];
  const wrong: number[] = [];
  text.split("\n").forEach((row, index) => {
    const words = row.trim().split(/\s+/).filter(Boolean);
    if (!words.length || words[0]?.startsWith("#")) return;
    const found = line(words);
    if (found) lines.push(found);
    else wrong.push(index + 1);
  });
  return { lines, wrong };
}

function line([when = "", ...rest]: string[]): HandLine | null {
  const at = offset(when);
  if (at === null || !rest.length || rest.length > 2) return null;
  if (rest.length === 1 && rest[0] === "tick") return { at, device: "", metric: "", value: null, tick: true };
  const [metric = "", said] = (rest.at(-1) ?? "").split("=");
  if (!/^[a-z][a-z0-9_]*$/.test(metric) || said === undefined || said === "") return null;
  return { at, device: rest.length === 2 ? (rest[0] ?? "") : "", metric, value: value(said), tick: false };
}

/** Milliseconds of `90s`, `1m30s`, `2h`; null where it is none. */
export function offset(text: string): number | null {
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) return null;
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)].reduce((sum, [, count, unit]) => sum + Number(count) * (UNITS[unit ?? ""] ?? 0), 0);
}

const value = (text: string): boolean | number | string | null => (text === "true" ? true : text === "false" ? false : text === "unknown" ? null : Number.isFinite(Number(text)) ? Number(text) : text);

/** One row of the axis: what a metric of a device read, from one reading to the next. */
export interface Lane {
  name: string;
  steps: { from: number; to: number; text: string; on: boolean }[];
}
/** One alarm: from its raise to its end, `to` 1 where it has none. Shares of the axis. */
export interface Bar {
  subject: string;
  severity: string;
  from: number;
  to: number;
  open: boolean;
  again: number[];
}
export interface Axis {
  start: number;
  end: number;
  lanes: Lane[];
  bars: Bar[];
  marks: { at: number; share: number }[];
}

const LANES = 8;
const MARKS = 5;

export function axisOf(tried: Pick<Tried, "lines" | "transitions">): Axis {
  const times = [...tried.lines, ...tried.transitions].map((each) => Date.parse(each.at));
  const start = Math.min(...times);
  const end = Math.max(...times, start + 1000);
  const share = (at: string): number => (Date.parse(at) - start) / (end - start);
  const rows = new Map<string, { at: number; value: unknown }[]>();
  for (const each of tried.lines) {
    if (each.tick) continue;
    const name = `${each.device && each.device !== "device" ? `${each.device} · ` : ""}${each.metric}${each.part ? `@${each.part}` : ""}`;
    rows.set(name, [...(rows.get(name) ?? []), { at: share(each.at), value: each.value }]);
  }
  const lanes = [...rows].slice(0, LANES).map(([name, points]) => {
    const sorted = points.sort((a, b) => a.at - b.at).filter((each, index, all) => index === 0 || each.value !== all[index - 1]?.value);
    return { name, steps: sorted.map((each, index) => ({ from: each.at, to: sorted[index + 1]?.at ?? 1, text: each.value === null ? "?" : String(each.value), on: each.value === true })) };
  });
  const bars: Bar[] = [];
  for (const each of tried.transitions) {
    const key = `${each.rule} ${each.subject}`;
    const last = [...bars].reverse().find((bar) => `${each.rule} ${bar.subject}` === key && bar.open);
    if (each.transition === "raised") bars.push({ subject: each.subject, severity: each.severity, from: share(each.at), to: 1, open: true, again: [] });
    else if (each.transition === "repeated") last?.again.push(share(each.at));
    else if (last) Object.assign(last, { to: share(each.at), open: false });
  }
  const marks = Array.from({ length: MARKS + 1 }, (_, index) => ({ at: start + ((end - start) * index) / MARKS, share: index / MARKS }));
  return { start, end, lanes, bars, marks };
}

/** `1m 30s` after the start, in the two largest units. */
export function sinceStart(milliseconds: number): string {
  const parts = (["d", "h", "m", "s"] as const).map((unit, index, all) => {
    const size = UNITS[unit] ?? 1;
    const above = UNITS[all[index - 1] ?? ""] ?? Infinity;
    return [Math.floor((above === Infinity ? milliseconds : milliseconds % above) / size), unit] as const;
  });
  const shown = parts.filter(([count]) => count > 0).slice(0, 2);
  return shown.length ? shown.map(([count, unit]) => `${count}${unit}`).join(" ") : "0s";
}
