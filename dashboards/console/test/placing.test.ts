import { expect, test } from "vitest";
import { MIDDLE, atPoint, isInside, lowered, nudged, turns } from "../src/plan/placing";

const BOX = { left: 100, top: 50, width: 400, height: 200 };

test("a point of the screen is a fraction of the picture, held at its edges", () => {
  expect(atPoint({ x: 300, y: 100 }, BOX)).toEqual({ x: 0.5, y: 0.25 });
  expect(atPoint({ x: 0, y: 900 }, BOX)).toEqual({ x: 0, y: 1 });
  expect(isInside({ x: 100, y: 50 }, BOX)).toBe(true);
  expect(isInside({ x: 99, y: 50 }, BOX)).toBe(false);
});

test("arrows move by a step, with Shift by a large one, and never off the picture", () => {
  expect(nudged(MIDDLE, "ArrowLeft", false)).toEqual({ x: 0.49, y: 0.5 });
  expect(nudged(MIDDLE, "ArrowDown", true)).toEqual({ x: 0.5, y: 0.55 });
  expect(nudged({ x: 1, y: 0 }, "ArrowRight", true)).toEqual({ x: 1, y: 0 });
  expect(nudged(MIDDLE, "Enter", false)).toBeNull();
});

test("devices have turns in the order in which they fired, those without an alert last", () => {
  const alerts = [{ device: "b", raised_at: "2026-11-24T02:14:49Z" }, { device: "a", raised_at: "2026-11-24T02:14:07Z" }, { device: null, raised_at: "2026-11-24T02:14:00Z" }, { device: "a", raised_at: "2026-11-24T02:15:00Z" }];
  expect([...turns({ devices: ["c", "a", "b"] }, alerts)]).toEqual([["a", 1], ["b", 2], ["c", 3]]);
});

test("labels that would cover each other are written below", () => {
  expect(lowered([{ x: 0.5, y: 0.5 }, { x: 0.52, y: 0.51 }, { x: 0.5, y: 0.5 }, { x: 0.1, y: 0.5 }], 0.2, 0.1)).toEqual([0, 1, 2, 0]);
});
