import { describe, expect, it } from "vitest";
import { justifies, justifying, refusalWord } from "../src/state/justifying";
import { incident } from "./cases";

const NOW = Date.parse("2026-11-24T03:00:00Z");
const DAY = 86_400_000;
const ended = (id: string, days: number) => incident({ id, state: "resolved", resolved_at: new Date(NOW - days * DAY).toISOString() });

describe("what justifies a look", () => {
  it("is every case that is not closed", () => {
    for (const state of ["open", "acknowledged", "en_route", "on_scene"] as const) expect(justifies(incident({ id: "i", state }), NOW)).toBe(true);
    expect(justifies(incident({ id: "i", state: "closed" }), NOW)).toBe(false);
    expect(justifies({ ...ended("i", 0), state: "closed", owed: [{ what: "review", at: null }] }, NOW)).toBe(false);
    expect(justifies({ ...ended("i", 0), policy: "trial" }, NOW)).toBe(false);
  });

  it("is a closed one whose visit is owed, for as long as a resolved one", () => {
    expect([1, 31].map((days) => justifies({ ...ended("i", days), state: "closed", owed: [{ what: "follow_up", at: null }] }, NOW))).toEqual([true, false]);
  });

  it("is a resolved one for 30 days, for the visit, and a re-opened one whenever it ended before", () => {
    expect([0, 30, 30.01].map((days) => justifies(ended("i", days), NOW))).toEqual([true, true, false]);
    expect(justifies({ ...ended("i", 40), state: "open" }, NOW)).toBe(true);
  });

  it("is offered with what goes on first, then the newest end", () => {
    const all = [ended("old", 9), incident({ id: "leak", class: "water" }), ended("gone", 31), incident({ id: "fire" }), ended("new", 1)];
    expect(justifying(all, NOW).map((one) => one.id)).toEqual(["fire", "leak", "new", "old"]);
  });
});

describe("a refusal", () => {
  it("of this act says what it means here", () => {
    expect([409, 429, 404, 503, 422, 403].map((status) => refusalWord(status, true))).toEqual(["closed", "spent", "none", "unwritten", "", ""]);
    expect(refusalWord(404, false)).toBe("");
  });
});
