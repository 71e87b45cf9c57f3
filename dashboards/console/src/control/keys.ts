// One key an act, printed on its button; the same everywhere.
import type { ActName } from "../state/board";

export const KEYS: Record<ActName | "mute" | "script" | "list" | "call" | "count", string> = {
  acknowledge: "A",
  verify: "V",
  "en-route": "G",
  arrive: "D",
  resolve: "R",
  close: "X",
  escalate: "E",
  notes: "N",
  handover: "H",
  decline: "Q",
  mute: "M",
  script: "T",
  list: "L",
  call: "C",
  count: "O",
};
export const WALL = "W";
export const BATCH = "B";
export const REPORT = "P";
export const HELP = "?";
