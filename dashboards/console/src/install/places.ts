// The places that an installer walks through, kept in this browser so that they are there without a signal.
import { computed, ref, shallowRef } from "vue";
import { get } from "../api/client";
import type { Place } from "../api/types";
import { inOrder, nextRoom } from "./rooms";

export interface Spot {
  id: string;
  kind: Place["kind"];
  name: string;
  label: string;
}

const KEPT = "shouwang.install.places";
const CHOSEN = "shouwang.install.place";
const ROOMS: readonly string[] = ["dwelling", "shop", "area", "garage"];
const PAGE = 500;
const MOST = 20_000;

export const spots = shallowRef<Spot[]>(kept());
export const place = ref(localStorage.getItem(CHOSEN) ?? "");

const byId = computed(() => new Map(spots.value.map((each) => [each.id, each])));
export const chosen = computed(() => byId.value.get(place.value));
export const rooms = computed(() => spots.value.filter((each) => ROOMS.includes(each.kind)));
/** What rooms stand in: buildings, then whatever holds rooms without one. */
export const buildings = computed(() => {
  const found = [...new Set(rooms.value.map((each) => buildingOf(each.id)))];
  const isBuilding = (id: string): boolean => byId.value.get(id)?.kind === "building";
  const walked = inOrder(found);
  return [...walked.filter(isBuilding), ...walked.filter((id) => !isBuilding(id))].map((id) => ({ id, label: byId.value.get(id)?.label || id }));
});
export const following = computed(() => nextRoom(rooms.value.filter((each) => buildingOf(each.id) === buildingOf(place.value)).map((each) => each.id), place.value));

export const labelOf = (id: string): string => byId.value.get(id)?.label || id;
export const nameOf = (id: string): string => byId.value.get(id)?.name || id.split("/").pop() || "";

export function goTo(id: string): void {
  place.value = id;
  localStorage.setItem(CHOSEN, id);
}

/** The building of a place; what stands in none is in its parent. */
export function buildingOf(id: string): string {
  const steps = id.split("/");
  for (let end = steps.length; end > 0; end--) {
    const at = steps.slice(0, end).join("/");
    if (byId.value.get(at)?.kind === "building") return at;
  }
  return steps.slice(0, -1).join("/");
}

/** Reads all places; without a network those of the last time stay. */
export async function readPlaces(): Promise<void> {
  const found: Spot[] = [];
  let cursor: string | undefined;
  try {
    do {
      const page = await get("/api/v1/places", { query: { limit: PAGE, cursor } });
      found.push(...page.items.map((each) => ({ id: each.id, kind: each.kind, name: each.name, label: each.where.label })));
      cursor = page.next ?? undefined;
    } while (cursor && found.length < MOST);
  } catch {
    return;
  }
  spots.value = found;
  try {
    localStorage.setItem(KEPT, JSON.stringify(found));
  } catch {
    localStorage.removeItem(KEPT); // more places than this browser keeps: then they need a signal
  }
}

function kept(): Spot[] {
  try {
    return JSON.parse(localStorage.getItem(KEPT) ?? "[]") as Spot[];
  } catch {
    return [];
  }
}
