// Where something stands on a picture, as fractions of it. Pure.
import type { Incident } from "../api/types";

export interface At {
  x: number;
  y: number;
}

export const MIDDLE: At = { x: 0.5, y: 0.5 };
const STEP = 0.01;
const LARGE = 0.05;
const SHARE = 10_000;

const within = (value: number): number => Math.round(Math.min(1, Math.max(0, value)) * SHARE) / SHARE;

/** Where a point of the screen lies on a picture there; held at its edges. */
export function atPoint(point: At, box: { left: number; top: number; width: number; height: number }): At {
  return { x: within((point.x - box.left) / (box.width || 1)), y: within((point.y - box.top) / (box.height || 1)) };
}

export const isInside = (point: At, box: { left: number; top: number; width: number; height: number }): boolean =>
  point.x >= box.left && point.y >= box.top && point.x <= box.left + box.width && point.y <= box.top + box.height;

/** One step of an arrow key; null where the key moves nothing. */
export function nudged(at: At, key: string, large: boolean): At | null {
  const by = large ? LARGE : STEP;
  const moves: Record<string, At> = { ArrowLeft: { x: -by, y: 0 }, ArrowRight: { x: by, y: 0 }, ArrowUp: { x: 0, y: -by }, ArrowDown: { x: 0, y: by } };
  const move = moves[key];
  return move ? { x: within(at.x + move.x), y: within(at.y + move.y) } : null;
}

/** Of each device of a case its turn, from 1: in the order in which they fired. */
export function turns(one: Pick<Incident, "devices">, alerts: readonly { device: string | null; raised_at: string }[]): Map<string, number> {
  const fired = [...alerts].sort((a, b) => a.raised_at.localeCompare(b.raised_at)).flatMap((each) => (each.device ? [each.device] : []));
  return new Map([...new Set([...fired, ...one.devices])].map((device, index) => [device, index + 1]));
}

/** How many lines lower the label of each is written, so that none covers another's: those that come first stay where they are. */
export function lowered(all: readonly At[], wide: number, high: number): number[] {
  const taken: At[] = [];
  return all.map((each) => {
    let line = 0;
    while (taken.some((other) => Math.abs(other.x - each.x) < wide && Math.abs(other.y - (each.y + line * high)) < high * 0.85)) line++;
    taken.push({ x: each.x, y: each.y + line * high });
    return line;
  });
}
