// Which other cases may be the same one: by how much of their places they share. Pure.
import type { Incident } from "../api/types";
import { ancestors } from "../state/paths";

export type Nearness = "sameHome" | "sameBuilding" | "sameCompound" | "elsewhere";

/** The deepest place that holds both; empty where nothing does. */
export function shared(one: string, other: string): string {
  return ancestors(one).find((path) => other === path || other.startsWith(`${path}/`)) ?? "";
}

/** Homes, floors and units of one building have four or more levels in common with `sub_district/community/compound`. */
export function nearness(one: string, other: string): Nearness {
  const levels = one === "unassigned" || other === "unassigned" ? 0 : shared(one, other).split("/").filter(Boolean).length;
  if (one === other && levels) return "sameHome";
  if (levels >= 4) return "sameBuilding";
  return levels === 3 ? "sameCompound" : "elsewhere";
}

const ORDER: Nearness[] = ["sameHome", "sameBuilding", "sameCompound", "elsewhere"];

/** The others, nearest first; of those as near, the newest first. */
export function nearest(place: string, all: readonly Incident[], without = ""): { one: Incident; how: Nearness }[] {
  return all
    .filter((one) => one.id !== without)
    .map((one) => ({ one, how: nearness(place, one.place), deep: shared(place, one.place).length }))
    .sort((a, b) => ORDER.indexOf(a.how) - ORDER.indexOf(b.how) || b.deep - a.deep || b.one.opened_at.localeCompare(a.one.opened_at))
    .map(({ one, how }) => ({ one, how }));
}
