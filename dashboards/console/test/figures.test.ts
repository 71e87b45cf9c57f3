import { describe, expect, it } from "vitest";
import { inOrder, nextRoom } from "../src/install/rooms";
import { byDay, countBy, quantile } from "../src/manage/figures";
import { incident } from "./cases";

describe("figures", () => {
  it("gives quantiles of what there is", () => {
    expect(quantile([], 0.5)).toBeNull();
    expect(quantile([30, 10, 20], 0.5)).toBe(20);
    expect(quantile([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.9)).toBe(10);
  });
  it("counts, most first", () => expect(countBy(["gas", "fire", "fire"])).toEqual([["fire", 2], ["gas", 1]]));
  it("shows the days without a case too", () => {
    const days = byDay([incident({ id: "a", outcome: "false_alarm" }), incident({ id: "b", opened_at: "2026-11-22T02:14:07Z" })], 4);
    expect(days.map((each) => [each.count, each.falseAlarms])).toEqual([[0, 0], [1, 0], [0, 0], [1, 1]]);
    expect(byDay([], 4)).toEqual([]);
  });
});

describe("the next room", () => {
  const rooms = ["a/b3/u2/f10/1001", "a/b3/u2/f5/502", "a/b3/u2/f5/501", "a/b3/u2/f6/601", "a/b10/u1/f1/101"];
  it("is along the floor, then up, then the next building", () => {
    expect(inOrder(rooms)).toEqual(["a/b3/u2/f5/501", "a/b3/u2/f5/502", "a/b3/u2/f6/601", "a/b3/u2/f10/1001", "a/b10/u1/f1/101"]);
    expect(nextRoom(rooms, "a/b3/u2/f5/501")).toBe("a/b3/u2/f5/502");
    expect(nextRoom(rooms, "a/b10/u1/f1/101")).toBeNull();
    expect(nextRoom(rooms, "elsewhere")).toBeNull();
  });
});
