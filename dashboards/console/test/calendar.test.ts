import { describe, expect, it } from "vitest";
import type { Gap } from "../src/api/types";
import { gapsByDay } from "../src/manage/calendar";

const START = Date.parse("2026-11-24T16:00:00Z");
const gap = (kind: string, from: string | null, to: string | null): Gap => ({ kind, from, to, detail: "", rosters: [], times: 1 });

describe("the coverage calendar", () => {
  it("shows a gap on each day that it touches, and on no other", () => {
    const days = gapsByDay([gap("three_roles", "2026-11-25T12:00:00Z", "2026-11-26T20:00:00Z")], START, 4);
    expect(days.map((each) => each.gaps.length)).toEqual([1, 1, 1, 0]);
    expect(gapsByDay([gap("nobody", "2026-11-25T16:00:00Z", "2026-11-26T16:00:00Z")], START, 4).map((each) => each.isGrave)).toEqual([false, true, false, false]);
  });

  it("puts what holds all the time on no day", () => {
    expect(gapsByDay([gap("zone_without_members", null, null)], START, 2).flatMap((each) => each.gaps)).toEqual([]);
  });
});
