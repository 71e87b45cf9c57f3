// What a new roster begins with: its first shifts and an id of what was typed. Pure.
import type { ShiftsSent } from "../api/types";

export const PATTERNS = { day: [["08:00", "08:00"]], halves: [["08:00", "20:00"], ["20:00", "08:00"]], thirds: [["00:00", "08:00"], ["08:00", "16:00"], ["16:00", "24:00"]] } as const;
export type Pattern = keyof typeof PATTERNS;

/** The shifts of a pattern, on every day, with nobody in them yet. */
export const shiftsOf = (pattern: Pattern): ShiftsSent["shifts"] => PATTERNS[pattern].map(([from, to]) => ({ from, to, people: [], days: null, rotation: null, layer: 0 }));

/** Of what is written in Latin letters, of the name first; a number makes it one that is not taken. */
export function idOf(name: string, post: string, zone: string, taken: readonly string[]): string {
  const base = slug(name) || slug(`${zone} ${post}`) || "roster";
  for (let number = 1; ; number++) {
    const id = number === 1 ? base : `${base}-${number}`;
    if (!taken.includes(id)) return id;
  }
}

const slug = (text: string): string => (/[^\x00-\x7f]/.test(text) ? "" : text.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 60));
