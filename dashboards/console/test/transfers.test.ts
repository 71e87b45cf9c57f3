import { describe, expect, it } from "vitest";
import type { Transfer } from "../src/api/types";
import { barOf, countsOf, isReadyToApply } from "../src/manage/transfers";

const found = { applied: false, revision: 3, counts: {}, differences: [], wrong: 0, errors: [], notes: [] };
const transfer = (given: Partial<Transfer>): Transfer => ({ id: "a", what: "trial", name: "c.xlsx", by: "chief", at: "2026-11-25T00:00:00Z", state: "done", prune: false, phase: "", done: 0, of: 0, trial: null, found: null, file: null, problem: "", ...given });

describe("a transfer", () => {
  it("counts differences by how, the largest kind first", () => {
    expect(countsOf({ "added place": 2, "removed zone": 1, "added device": 5 })).toEqual([
      { how: "added", count: 7, kinds: [{ kind: "device", count: 5 }, { kind: "place", count: 2 }] },
      { how: "removed", count: 1, kinds: [{ kind: "zone", count: 1 }] },
    ]);
  });

  it("is ready to be applied only as a trial that found differences and nothing wrong", () => {
    const counts = { "added place": 1 };
    expect(isReadyToApply(transfer({ found: { ...found, counts } }))).toBe(true);
    expect(isReadyToApply(transfer({ found }))).toBe(false);
    expect(isReadyToApply(transfer({ found: { ...found, counts, wrong: 1 } }))).toBe(false);
    expect(isReadyToApply(transfer({ what: "import", found: { ...found, counts } }))).toBe(false);
    expect(isReadyToApply(transfer({ state: "failed" }))).toBe(false);
  });

  it("knows how far it is only after it has read", () => {
    expect(barOf(transfer({ state: "running", phase: "reading" })).value).toBeNull();
    expect(barOf(transfer({ state: "running", phase: "writing", done: 50, of: 100 })).value).toBeCloseTo(2.5 / 3);
  });
});
