// A shift as the form holds it, and as it is sent: no day chosen means every day.
import type { ShiftsSent } from "../api/types";

type ShiftSent = ShiftsSent["shifts"][number];
export interface ShiftDraft {
  from: string;
  to: string;
  people: string[];
  days: string[];
  layer: number;
  rotation: { since: string; days: number; teams: string[][] } | null;
}

export const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun", "workday", "restday", "holiday"];

export const draftOf = (shift: ShiftSent): ShiftDraft => ({
  from: shift.from,
  to: shift.to,
  people: [...(shift.people ?? [])],
  days: [...(shift.days ?? [])],
  layer: shift.layer ?? 0,
  rotation: shift.rotation ? { since: shift.rotation.since, days: shift.rotation.days ?? 1, teams: shift.rotation.teams.map((team) => [...team]) } : null,
});

export const sentOf = (draft: ShiftDraft): ShiftSent => ({
  from: draft.from,
  to: draft.to,
  people: draft.people,
  days: draft.days.length ? draft.days : null,
  layer: draft.layer || 0,
  rotation: draft.rotation,
});
