// A roster as rows of shifts and columns of days, and what a change of a cell means in overrides. Pure.
import type { RosterCell, RosterChanges, RosterGrid, ShiftsSent } from "../api/types";

export interface Row {
  key: string;
  layer: number;
  from: string;
  to: string;
  /** It ends on the next day. */
  isNight: boolean;
}

/** A row on a day; mostly one shift. */
export interface Slot {
  row: Row;
  day: string;
  cells: RosterCell[];
}

export interface Chip {
  cell: RosterCell;
  person: string;
  how: "planned" | "stands_in" | "added";
  other: string | null;
  /** Not for the whole shift. */
  isPart: boolean;
}

export interface OffChip {
  person: string;
  why: "replaced" | "taken_off" | "away";
  other: string | null;
  isPart: boolean;
}

/** Somebody goes out of a cell, somebody comes in, or the one for the other. */
export interface Step {
  cell: RosterCell;
  out?: string;
  in?: string;
}

export interface Span {
  from: number;
  to: number;
}

export type Act = "stand_in" | "exchange" | "move" | "join" | "fixed";

type Wanted = RosterChanges["add"][number];
interface Cut extends Span {
  id: string;
}

/** Shifts of the same hours and layer are one row, whatever their days. */
export function rowsOf(grid: RosterGrid): Row[] {
  const found = new Map<string, Row>();
  for (const shift of grid.roster.shifts) {
    const key = keyOf(shift);
    if (!found.has(key)) found.set(key, { key, layer: shift.layer, from: shift.from, to: shift.to, isNight: shift.to <= shift.from });
  }
  return [...found.values()].sort((a, b) => a.layer - b.layer || a.from.localeCompare(b.from) || a.to.localeCompare(b.to));
}

/** Slots by row and day, each week by itself. */
export function slotsOf(grid: RosterGrid): Map<string, Slot> {
  const rows = new Map(rowsOf(grid).map((row) => [row.key, row]));
  const found = new Map<string, Slot>();
  for (const cell of grid.cells) {
    const shift = grid.roster.shifts[cell.shift];
    const row = shift && rows.get(keyOf(shift));
    if (!row) continue;
    const at = `${row.key} ${cell.day}`;
    const slot = found.get(at) ?? { row, day: cell.day, cells: [] };
    slot.cells.push(cell);
    found.set(at, slot);
  }
  return found;
}

/** Sevens of days. */
export function weeksOf<T>(days: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(days.length / 7) }, (_, index) => days.slice(index * 7, index * 7 + 7));
}

/** Who stands in a slot, each once. */
export function chipsOf(slot: Slot): Chip[] {
  const found: Chip[] = [];
  for (const cell of slot.cells)
    for (const piece of cell.pieces)
      for (const one of piece.here)
        if (!found.some((each) => each.person === one.person))
          found.push({ cell, person: one.person, how: one.how, other: one.other, isPart: !cell.pieces.every((each) => each.here.some((other) => other.person === one.person)) });
  return found;
}

/** Who is planned in a slot and is not on duty, each once. */
export function offOf(slot: Slot): OffChip[] {
  const found: OffChip[] = [];
  for (const cell of slot.cells)
    for (const piece of cell.pieces)
      for (const one of piece.off)
        if (!found.some((each) => each.person === one.person))
          found.push({ person: one.person, why: one.why, other: one.other, isPart: !cell.pieces.every((each) => each.off.some((other) => other.person === one.person)) });
  return found;
}

/** Hours of a slot in which nobody of it is on duty although they are its own. */
export function emptyOf(slot: Slot): Span[] {
  const pieces = slot.cells.flatMap((cell) => cell.pieces);
  const manned = pieces.filter((each) => each.here.length).map(spanOf);
  return joined(pieces.filter((each) => !each.here.length && !each.overruled).map(spanOf)).flatMap((each) => without(each, manned));
}

/** Every hour of it belongs to a higher layer. */
export const isOverruled = (slot: Slot): boolean => slot.cells.every((cell) => cell.pieces.every((each) => each.overruled));

/** What may be done with somebody who is dropped on a cell, or on somebody in it. */
export function choicesOf(source: { cell: RosterCell | null; person: string }, target: { cell: RosterCell; person?: string | null }): { act: Act; steps: Step[] }[] {
  const { cell: from, person } = source;
  const { cell: to, person: other } = target;
  if (from && isSame(from, to)) return [];
  const join = { act: "join" as const, steps: [{ cell: to, in: person }] };
  const stays = to.pieces.every((piece) => piece.here.some((each) => each.person === person));
  if (stays) return [];
  if (!from) {
    const found: { act: Act; steps: Step[] }[] = [{ act: "fixed", steps: join.steps }, join];
    return other && other !== person ? [...found, { act: "stand_in", steps: [{ cell: to, out: other, in: person }] }] : found;
  }
  const move = { act: "move" as const, steps: [{ cell: from, out: person }, { cell: to, in: person }] };
  if (!other || other === person) return [move, join];
  const exchange = { act: "exchange" as const, steps: [{ cell: from, out: person, in: other }, { cell: to, out: other, in: person }] };
  const standIn = { act: "stand_in" as const, steps: [{ cell: to, out: other, in: person }] };
  return [exchange, standIn, move, join];
}

/** Overrides to add and to take back, so that the steps come true. An override that is changed in part is cut there. */
export function changesOf(grid: RosterGrid, steps: readonly Step[]): RosterChanges {
  const add: Wanted[] = [];
  const cuts: Cut[] = [];
  for (const step of steps) for (const piece of step.cell.pieces) carry(step, piece, add, cuts);
  const ids = [...new Set(cuts.map((each) => each.id))];
  for (const id of ids) {
    const whole = grid.roster.overrides.find((each) => each.id === id);
    if (!whole) continue;
    for (const left of without({ from: Date.parse(whole.from), to: Date.parse(whole.to) }, cuts.filter((each) => each.id === id)))
      add.push({ from: new Date(left.from).toISOString(), to: new Date(left.to).toISOString(), add: whole.add, remove: whole.remove });
  }
  return { add: inOne(add), remove: ids, dry_run: false };
}

/** A roster whole, as it is sent. */
export const sentWhole = ({ name, zone, post, timezone, shifts }: RosterGrid["roster"]): ShiftsSent => ({ name, zone, post, timezone, shifts, dry_run: false });

/** The same with somebody in one of its shifts whenever that comes. */
export function withFixed(roster: RosterGrid["roster"], shift: number, person: string): ShiftsSent {
  const shifts = roster.shifts.map((each, index) => (index === shift && !each.people.includes(person) ? { ...each, people: [...each.people, person] } : each));
  return sentWhole({ ...roster, shifts });
}

/** What takes a change back. */
export function inverse(done: { added: { id: string }[]; removed: { from: string | null; to: string | null; add: string | null; remove: string | null }[] }): RosterChanges {
  return { add: done.removed.map((each) => ({ from: each.from ?? "", to: each.to ?? "", add: each.add, remove: each.remove })), remove: done.added.map((each) => each.id), dry_run: false };
}

/** Somebody's leave that meets a cell. */
export const isAway = (grid: RosterGrid, person: string, cell: RosterCell): boolean =>
  grid.leaves.some((each) => each.person === person && Date.parse(each.from) < Date.parse(cell.to) && Date.parse(each.to) > Date.parse(cell.from));

/** Where an arrow leads from a slot; a week's rows follow each other, then the next week's. */
export function stepTo(at: { row: number; day: number }, key: string, rows: number, days: number): { row: number; day: number } | null {
  const { row, day } = at;
  const moves: Record<string, [number, number]> = {
    ArrowRight: [row, Math.min(days - 1, day + 1)],
    ArrowLeft: [row, Math.max(0, day - 1)],
    Home: [row, day - (day % 7)],
    End: [row, Math.min(days - 1, day - (day % 7) + 6)],
    ArrowDown: row + 1 < rows ? [row + 1, day] : day + 7 < days ? [0, day + 7] : [row, day],
    ArrowUp: row > 0 ? [row - 1, day] : day >= 7 ? [rows - 1, day - 7] : [row, day],
  };
  const found = moves[key];
  return found ? { row: found[0], day: found[1] } : null;
}

function carry(step: Step, piece: RosterCell["pieces"][number], add: Wanted[], cuts: Cut[]): void {
  const span = { from: piece.from, to: piece.to };
  const cut = (id: string | null): void => void (id && cuts.push({ id, ...spanOf(piece) }));
  const going = piece.here.find((each) => each.person === step.out);
  const coming = step.in && piece.here.every((each) => each.person !== step.in) ? step.in : null;
  if (step.out && !going) return;
  const forced = piece.off.find((each) => each.person === coming && each.why === "taken_off");
  if (forced) cut(forced.override);
  const enters = coming && !forced ? coming : null;
  if (!going) {
    if (enters) add.push({ ...span, add: enters, remove: null });
  } else if (going.how === "planned") {
    add.push({ ...span, add: enters, remove: going.person });
  } else {
    cut(going.override);
    if (enters && enters !== going.other) add.push({ ...span, add: enters, remove: going.other });
  }
}

/** The same change of spans that follow each other is one. */
function inOne(given: readonly Wanted[]): Wanted[] {
  const found: Wanted[] = [];
  for (const each of given) {
    const before = found.find((one) => one.add === each.add && one.remove === each.remove && Date.parse(one.to) === Date.parse(each.from));
    if (before) before.to = each.to;
    else found.push({ ...each });
  }
  return found;
}

function joined(given: readonly Span[]): Span[] {
  const found: Span[] = [];
  for (const each of [...given].sort((a, b) => a.from - b.from)) {
    const last = found[found.length - 1];
    if (last && each.from <= last.to) last.to = Math.max(last.to, each.to);
    else found.push({ ...each });
  }
  return found;
}

function without(whole: Span, holes: readonly Span[]): Span[] {
  const found: Span[] = [];
  let at = whole.from;
  for (const hole of joined(holes)) {
    if (hole.to <= at || hole.from >= whole.to) continue;
    if (hole.from > at) found.push({ from: at, to: hole.from });
    at = Math.max(at, hole.to);
  }
  return at < whole.to ? [...found, { from: at, to: whole.to }] : found;
}

const spanOf = (given: { from: string; to: string }): Span => ({ from: Date.parse(given.from), to: Date.parse(given.to) });
const keyOf = (shift: { layer: number; from: string; to: string }): string => `${shift.layer}|${shift.from}|${shift.to}`;
export const isSame = (a: RosterCell, b: RosterCell): boolean => a.shift === b.shift && a.day === b.day;
