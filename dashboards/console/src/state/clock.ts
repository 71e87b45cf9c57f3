// The site's clock: the service's time, in the site's zone, ticking once a second for everything that counts.
import { ref } from "vue";
import { w } from "../words";

/** Milliseconds, the service's clock, moving once a second. */
export const tick = ref(Date.now());

let zone = "Asia/Shanghai";
let offset = 0; // the service's clock minus ours, so that every screen counts the same seconds
let formats = new Map<string, Intl.DateTimeFormat>();

export const now = (): number => Date.now() + offset;

export function setClock(timezone: string, serverNow: string): void {
  if (timezone && timezone !== zone) {
    zone = timezone;
    formats = new Map();
  }
  offset = Date.parse(serverNow) - Date.now();
  tick.value = now();
}

setInterval(() => (tick.value = now()), 500);

export const clock = (at: number): string => format("clock", { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(at);
export const day = (at: string): string => format("day", { month: "2-digit", day: "2-digit" }).format(Date.parse(at));
export const moment = (at: string): string => `${day(at)} ${clock(Date.parse(at))}`;

/** 2026-11-24: the day of an instant, in the site's zone. */
export const date = (at: number): string => format("date", { year: "numeric", month: "2-digit", day: "2-digit" }, "en-CA").format(at);

/** 0 for Sunday, in the site's zone. */
export const weekday = (at: number): number => ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"].indexOf(format("weekday", { weekday: "short" }, "en-US").format(at));
/** 20:00 */
export const minute = (at: number): string => format("minute", { hour: "2-digit", minute: "2-digit" }).format(at);

/** When the day of an instant began, in the site's zone. */
export function startOfDay(at: number): number {
  const [hours = 0, minutes = 0, seconds = 0] = clock(at).split(":").map(Number);
  return at - (at % 1000) - ((hours * 60 + minutes) * 60 + seconds) * 1000;
}

/** The instant, as ISO 8601, of what a field of date and time holds: the wall clock of the site, wherever the browser is.
 * Of an hour that the clocks had twice it is the second; one that they skipped is read as if they had not. */
export function instantOf(field: string): string | undefined {
  const read = Date.parse(`${field}Z`);
  if (Number.isNaN(read)) return undefined;
  const behind = (at: number): number => wall(at) - at;
  return new Date(read - behind(read - behind(read))).toISOString();
}

/** The wall clock of the site at an instant, as milliseconds since an epoch of its own. */
function wall(at: number): number {
  const parts = format("wall", { year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" }, "en-US").formatToParts(at);
  const of = (type: string): number => Number(parts.find((each) => each.type === type)?.value);
  return Date.UTC(of("year"), of("month") - 1, of("day"), of("hour"), of("minute"), of("second"));
}

/** The second of an instant; with `tenths` what a machine did. */
export function second(at: string, tenths = false): string {
  const text = clock(Date.parse(at));
  return tenths ? `${text}.${Math.floor((Date.parse(at) % 1000) / 100)}` : text;
}

/** 01:12, 1:03:40, 2 天 …: how long since an instant. */
export function since(at: string, until: number): string {
  const seconds = Math.max(0, Math.floor((until - Date.parse(at)) / 1000));
  const two = (n: number) => String(n).padStart(2, "0");
  if (seconds >= 172_800) return `${Math.floor(seconds / 86_400)} ${w("unit.d")}`;
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${two(minutes)}:${two(seconds % 60)}`;
}

/** 27 秒, 4 分, 3 小时, 2 天: a length in one unit. */
export function length(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 120) return `${seconds} ${w("unit.s")}`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} ${w("unit.m")}`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} ${w("unit.h")}`;
  return `${Math.round(seconds / 86_400)} ${w("unit.d")}`;
}

/** 48 秒, 2:48: what is left, to the second. */
export function countdown(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  return seconds < 100 ? `${seconds} ${w("unit.s")}` : `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

function format(name: string, options: Intl.DateTimeFormatOptions, language = "zh-CN"): Intl.DateTimeFormat {
  let found = formats.get(name);
  if (!found) {
    found = new Intl.DateTimeFormat(language, { timeZone: zone, hourCycle: "h23", ...options });
    formats.set(name, found);
  }
  return found;
}
