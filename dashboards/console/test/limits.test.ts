import { expect, it } from "vitest";
import { limitOf } from "../src/state/limits";

const clock = (name: string, met: string | null, proven: boolean | null = null) => ({ name, limit: 60, due_at: "2026-11-24T02:15:07Z", met_at: met, late: false, proven, said: false });
const at = Date.parse("2026-11-24T02:15:00Z");

it("runs on by itself until it is met, and says by how much it was missed", () => {
  expect(limitOf([clock("acknowledge", null)], "acknowledged", at)).toMatchObject({ limit: 60_000, left: 7000, isMet: false, isLate: false });
  expect(limitOf([clock("acknowledge", null)], "acknowledged", at + 10_000)).toMatchObject({ left: -3000, isLate: true });
  expect(limitOf([clock("acknowledge", "2026-11-24T02:15:17Z")], "acknowledged", at + 99_000)).toMatchObject({ left: -10_000, isMet: true, isLate: true });
  expect(limitOf([clock("on_scene", "2026-11-24T02:15:00Z", false)], "on_scene", at)).toMatchObject({ isMet: true, isLate: false, isUnproven: true });
  expect(limitOf([clock("acknowledge", null)], "en_route", at)).toBeNull();
});
