// Gaps of coverage laid over days. Pure.
import type { Gap } from "../api/types";

export interface GapDay {
  /** Milliseconds; its noon. */
  at: number;
  gaps: Gap[];
  isGrave: boolean;
}

const DAY = 86_400_000;
/** Somebody who should be told is not told at all. */
const GRAVE: readonly string[] = ["nobody", "no_fallback", "empty_step", "nobody_at_night", "channel_off"];

/** One entry for each day, the first beginning at `start`; a gap with several spans is known by its first one. A gap of
 * all the time is on no day: it is a matter of configuration. */
export function gapsByDay(gaps: readonly Gap[], start: number, count: number): GapDay[] {
  const dated = gaps.filter((each) => each.from);
  return Array.from({ length: count }, (_, index) => {
    const begin = start + index * DAY;
    const found = dated.filter((each) => Date.parse(each.from ?? "") < begin + DAY && Date.parse(each.to ?? each.from ?? "") > begin);
    return { at: begin + DAY / 2, gaps: found, isGrave: found.some((each) => GRAVE.includes(each.kind)) };
  });
}
