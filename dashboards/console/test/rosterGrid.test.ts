import { describe, expect, it } from "vitest";
import type { RosterCell, RosterGrid } from "../src/api/types";
import { idOf, shiftsOf } from "../src/manage/newRoster";
import { changesOf, chipsOf, choicesOf, emptyOf, inverse, isOverruled, offOf, rowsOf, slotsOf, stepTo, weeksOf, withFixed } from "../src/manage/rosterGrid";

type Piece = RosterCell["pieces"][number];
const here = (person: string, how: Piece["here"][number]["how"] = "planned", override: string | null = null, other: string | null = null) => ({ person, how, other, override });
const off = (person: string, why: Piece["off"][number]["why"], override: string | null = null, other: string | null = null) => ({ person, why, other, override });

/** Of a day of November: the day shift is number 0, the night is number 1. */
function cell(day: number, shift: number, people: Piece["here"], gone: Piece["off"] = [], overruled = false): RosterCell {
  const from = shift ? `2026-11-${day}T12:00:00Z` : `2026-11-${day}T00:00:00Z`;
  const to = shift ? `2026-11-${day + 1}T00:00:00Z` : `2026-11-${day}T12:00:00Z`;
  return { shift, day: `2026-11-${day}`, from, to, pieces: [{ from, to, here: people, off: gone, overruled }] };
}

function grid(cells: RosterCell[], overrides: RosterGrid["roster"]["overrides"] = []): RosterGrid {
  const shift = { people: [], days: null, rotation: null, layer: 0 };
  const shifts = [{ ...shift, from: "08:00", to: "20:00" }, { ...shift, from: "20:00", to: "08:00" }, { ...shift, from: "08:00", to: "20:00", days: ["sat"] }];
  return { roster: { id: "desk", name: "", zone: "", post: "desk_operator", timezone: "", shifts, overrides }, days: [], cells, bare: [], leaves: [], names: {}, unread: [] };
}

const override = (id: string, from: number, to: number, add: string | null, remove: string | null) => ({ id, roster: "desk", from: `2026-11-${from}T12:00:00Z`, to: `2026-11-${to}T00:00:00Z`, add, remove });
const ms = (text: string) => new Date(text).toISOString();

describe("the sheet of a roster", () => {
  it("puts shifts of the same hours in one row, and says which go over midnight", () => {
    expect(rowsOf(grid([])).map((each) => [each.from, each.to, each.isNight])).toEqual([["08:00", "20:00", false], ["20:00", "08:00", true]]);
    expect(slotsOf(grid([cell(25, 0, []), cell(25, 1, []), { ...cell(25, 0, []), shift: 2 }])).size).toBe(2);
    expect(weeksOf([1, 2, 3, 4, 5, 6, 7, 8])).toEqual([[1, 2, 3, 4, 5, 6, 7], [8]]);
  });

  it("shows who is there, who is off, and hours with nobody", () => {
    const half = cell(25, 0, [here("zhang")]);
    const [whole] = half.pieces as [Piece];
    half.pieces = [{ ...whole, to: "2026-11-25T04:00:00Z" }, { ...whole, from: "2026-11-25T04:00:00Z", here: [], off: [off("zhang", "away")] }];
    const slot = { row: rowsOf(grid([]))[0]!, day: half.day, cells: [half] };
    expect(chipsOf(slot).map((each) => [each.person, each.isPart])).toEqual([["zhang", true]]);
    expect(offOf(slot).map((each) => [each.person, each.why])).toEqual([["zhang", "away"]]);
    expect(emptyOf(slot)).toEqual([{ from: Date.parse("2026-11-25T04:00:00Z"), to: Date.parse("2026-11-25T12:00:00Z") }]);
    const ruled = { ...slot, cells: [cell(25, 0, [], [], true)] };
    expect([isOverruled(ruled), emptyOf(ruled)]).toEqual([true, []]);
  });
});

describe("a drop", () => {
  const monday = cell(23, 1, [here("zhao")]);
  const tuesday = cell(24, 1, [here("li")]);

  it("on somebody is an exchange, standing in, a move or one more", () => {
    const found = choicesOf({ cell: monday, person: "zhao" }, { cell: tuesday, person: "li" });
    expect(found.map((each) => each.act)).toEqual(["exchange", "stand_in", "move", "join"]);
    expect(changesOf(grid([monday, tuesday]), found[0]!.steps)).toEqual({
      add: [
        { from: monday.from, to: monday.to, add: "li", remove: "zhao" },
        { from: tuesday.from, to: tuesday.to, add: "zhao", remove: "li" },
      ],
      remove: [],
      dry_run: false,
    });
    expect(changesOf(grid([]), found[1]!.steps).add).toEqual([{ from: tuesday.from, to: tuesday.to, add: "zhao", remove: "li" }]);
  });

  it("on a cell alone is a move or one more; on one's own cell it is nothing", () => {
    const found = choicesOf({ cell: monday, person: "zhao" }, { cell: tuesday });
    expect(found.map((each) => each.act)).toEqual(["move", "join"]);
    expect(changesOf(grid([]), found[0]!.steps).add).toEqual([
      { from: monday.from, to: monday.to, add: null, remove: "zhao" },
      { from: tuesday.from, to: tuesday.to, add: "zhao", remove: null },
    ]);
    expect(choicesOf({ cell: monday, person: "zhao" }, { cell: monday })).toEqual([]);
    expect(choicesOf({ cell: monday, person: "zhao" }, { cell: cell(25, 1, [here("zhao")]) })).toEqual([]);
  });
});

describe("steps as overrides", () => {
  it("take back what brought somebody, and keep the rest of it", () => {
    const stood = cell(24, 1, [here("li", "stands_in", "long", "zhao")], [off("zhao", "replaced", "long", "li")]);
    const known = grid([stood], [override("long", 23, 26, "li", "zhao")]);
    const found = changesOf(known, [{ cell: stood, out: "li", in: "wang" }]);
    expect(found.remove).toEqual(["long"]);
    expect(found.add.map((each) => [ms(each.from), ms(each.to), each.add, each.remove])).toEqual([
      [ms(stood.from), ms(stood.to), "wang", "zhao"],
      ["2026-11-23T12:00:00.000Z", ms(stood.from), "li", "zhao"],
      [ms(stood.to), "2026-11-26T00:00:00.000Z", "li", "zhao"],
    ]);
  });

  it("give a shift back to whom it was taken from without a new override", () => {
    const stood = cell(24, 1, [here("li", "stands_in", "one", "zhao")], [off("zhao", "replaced", "one", "li")]);
    const known = grid([stood], [override("one", 24, 25, "li", "zhao")]);
    expect(changesOf(known, [{ cell: stood, out: "li", in: "zhao" }])).toEqual({ add: [], remove: ["one"], dry_run: false });
    const gone = cell(24, 1, [], [off("zhao", "taken_off", "two")]);
    expect(changesOf(grid([gone], [override("two", 24, 25, null, "zhao")]), [{ cell: gone, in: "zhao" }])).toEqual({ add: [], remove: ["two"], dry_run: false });
  });

  it("cut one override once although two steps touch it", () => {
    const first = cell(24, 1, [here("li", "added", "long")]);
    const second = cell(25, 1, [here("li", "added", "long")]);
    const found = changesOf(grid([first, second], [override("long", 24, 26, "li", null)]), [{ cell: first, out: "li" }, { cell: second, out: "li" }]);
    expect(found.remove).toEqual(["long"]);
    expect(found.add.map((each) => [ms(each.from), ms(each.to)])).toEqual([["2026-11-25T00:00:00.000Z", "2026-11-25T12:00:00.000Z"]]);
  });

  it("join parts of one shift, and are taken back the other way round", () => {
    const parted = cell(24, 1, [here("zhao")]);
    const [whole] = parted.pieces as [Piece];
    parted.pieces = [{ ...whole, to: "2026-11-24T18:00:00Z" }, { ...whole, from: "2026-11-24T18:00:00Z", here: [here("zhao"), here("wang", "added", "x")] }];
    expect(changesOf(grid([]), [{ cell: parted, out: "zhao" }]).add).toEqual([{ from: parted.from, to: parted.to, add: null, remove: "zhao" }]);
    expect(inverse({ added: [{ id: "a" }], removed: [override("b", 24, 25, "li", null)] })).toEqual({
      add: [{ from: "2026-11-24T12:00:00Z", to: "2026-11-25T00:00:00Z", add: "li", remove: null }],
      remove: ["a"],
      dry_run: false,
    });
  });
});

describe("arrows", () => {
  it("lead along days, down shifts, and into the next week", () => {
    expect(stepTo({ row: 0, day: 3 }, "ArrowRight", 2, 14)).toEqual({ row: 0, day: 4 });
    expect(stepTo({ row: 1, day: 3 }, "ArrowDown", 2, 14)).toEqual({ row: 0, day: 10 });
    expect(stepTo({ row: 0, day: 10 }, "ArrowUp", 2, 14)).toEqual({ row: 1, day: 3 });
    expect(stepTo({ row: 1, day: 10 }, "ArrowDown", 2, 14)).toEqual({ row: 1, day: 10 });
    expect(stepTo({ row: 0, day: 10 }, "Home", 2, 14)).toEqual({ row: 0, day: 7 });
    expect(stepTo({ row: 0, day: 10 }, "x", 2, 14)).toBeNull();
  });
});

describe("a new roster", () => {
  it("has an id of what was typed in Latin letters, else of its zone and post; one that is not taken", () => {
    expect(idOf("East Gate", "patrol", "whole", [])).toBe("east-gate");
    expect(idOf("东门岗", "desk_operator", "z1", [])).toBe("z1-desk-operator");
    expect(idOf("", "patrol", "", ["patrol", "patrol-2"])).toBe("patrol-3");
    expect(idOf("", "", "", [])).toBe("roster");
  });

  it("is filled all day by each of its patterns", () => {
    const hours = (text: string): number => Number(text.slice(0, 2));
    for (const pattern of ["day", "halves", "thirds"] as const)
      expect(shiftsOf(pattern).reduce((sum, each) => sum + (hours(each.to) > hours(each.from) ? 0 : 24) + hours(each.to) - hours(each.from), 0)).toBe(24);
  });
});

describe("somebody from outside the sheet", () => {
  it("comes whenever the shift comes, once, or in somebody's stead", () => {
    const to = cell(25, 0, [here("zhao")]);
    expect(choicesOf({ cell: null, person: "li" }, { cell: to, person: "zhao" }).map((each) => each.act)).toEqual(["fixed", "join", "stand_in"]);
    expect(choicesOf({ cell: null, person: "li" }, { cell: to }).map((each) => each.act)).toEqual(["fixed", "join"]);
    expect(choicesOf({ cell: null, person: "zhao" }, { cell: to })).toEqual([]);
  });

  it("is in that shift alone from then on, once", () => {
    const roster = grid([]).roster;
    const sent = withFixed(roster, 1, "li");
    expect(sent.shifts.map((each) => each.people)).toEqual([[], ["li"], []]);
    expect(withFixed({ ...roster, shifts: sent.shifts as typeof roster.shifts }, 1, "li").shifts[1]?.people).toEqual(["li"]);
  });
});
