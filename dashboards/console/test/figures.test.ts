import { describe, expect, it } from "vitest";
import type { Answered } from "../src/api/types";
import { inOrder as roomsInOrder, nextRoom } from "../src/install/rooms";
import { daily, inOrder, isBelow, realShare } from "../src/manage/figures";

const group = (key: string, cases: number, wrong = 0) => ({ key, cases, false: wrong }) as Answered;

describe("figures of responses", () => {
  it("have a line for the days without a case too", () => {
    const days = ["2026-11-22", "2026-11-23", "2026-11-24"];
    expect(daily([group("2026-11-22", 3), group("2026-11-24", 2, 1), group("2026-10-01", 9)], days).map((each) => [each.cases, each.false])).toEqual([[3, 0], [0, 0], [2, 1]]);
  });
  it("say how many of those that are over were real", () => {
    expect(realShare([group("real", 1), group("false_alarm", 3), group("", 9)])).toBe(25);
    expect(realShare([group("", 9)])).toBeNull();
    expect(realShare([group("test", 2)])).toBe(0);
  });
  it("are below a target only where there is one, and a case", () => {
    expect([isBelow(0.9, 0.985, 4), isBelow(0.985, 0.985, 4), isBelow(0, 0, 4), isBelow(0, 0.9, 0)]).toEqual([true, false, false, false]);
  });
  it("come with most cases first, but hours in their order", () => {
    const rows = [group("01", 2), group("09", 5)];
    expect(inOrder("zone", rows).map((each) => each.key)).toEqual(["09", "01"]);
    expect(inOrder("hour", rows).map((each) => each.key)).toEqual(["01", "09"]);
  });
});

describe("the next room", () => {
  const rooms = ["a/b3/u2/f10/1001", "a/b3/u2/f5/502", "a/b3/u2/f5/501", "a/b3/u2/f6/601", "a/b10/u1/f1/101"];
  it("is along the floor, then up, then the next building", () => {
    expect(roomsInOrder(rooms)).toEqual(["a/b3/u2/f5/501", "a/b3/u2/f5/502", "a/b3/u2/f6/601", "a/b3/u2/f10/1001", "a/b10/u1/f1/101"]);
    expect(nextRoom(rooms, "a/b3/u2/f5/501")).toBe("a/b3/u2/f5/502");
    expect(nextRoom(rooms, "a/b10/u1/f1/101")).toBeNull();
    expect(nextRoom(rooms, "elsewhere")).toBeNull();
  });
});
