// What is around a case, read once and kept: places of a building, devices, posts, false alarms of a home.
import { reactive } from "vue";
import { get } from "../api/client";
import type { Alert, Device, Incident, Place, Post } from "../api/types";
import { isRung } from "./board";
import { now } from "./clock";
import { readNamed } from "./duties";
import { ancestors } from "./paths";
import { every, everyPost } from "./people";

export { ancestors };

const PAGE = 500;
const MONTH = 30 * 86_400_000;

export const places = reactive(new Map<string, Place>());
export const devices = reactive(new Map<string, Device>());
export const posts = reactive({ all: [] as Post[], read: false });
/** The alerts of one incident, oldest first, and earlier false alarms at its place. */
export const around = reactive({ incident: "", alerts: [] as Alert[], falseAlarms: [] as Incident[] });

export async function readAround(one: Incident): Promise<void> {
  const query = { state: ["resolved", "closed"], timeline: 0, place: one.place, limit: 50 };
  const [alerts, before] = await Promise.all([
    get("/api/v1/alerts", { query: { incident: one.id, limit: 100 } }),
    one.place === "unassigned" ? { items: [] } : get("/api/v1/incidents", { query }),
    readBuilding(one.place),
    readPosts(),
    readNamed(one.timeline.flatMap((each) => (Array.isArray(each.body.tell) ? each.body.tell.map(String) : []))),
    ...one.devices.slice(0, 12).map(readDevice),
  ]);
  around.incident = one.id;
  around.alerts = [...alerts.items].reverse();
  around.falseAlarms = before.items.filter((each) => each.outcome === "false_alarm" && now() - Date.parse(each.opened_at) < MONTH);
}

/** The home may be called and rung at, as far as is known of what was detected there. */
export const mayRing = (one: Incident): boolean => isRung(one, around.incident === one.id ? around.alerts : []);

export async function readDevice(id: string): Promise<void> {
  const found = await get("/api/v1/devices/{device_id}", { path: { device_id: id } }).catch(() => null);
  if (found) devices.set(id, found);
}

export async function readPosts(): Promise<void> {
  if (posts.read) return;
  posts.read = true;
  posts.all = await everyPost().catch(() => []);
}

export async function readBuilding(place: string): Promise<void> {
  if (place === "unassigned" || buildingOf(place)) return;
  const parts = place.split("/");
  for (let end = 1; end <= parts.length; end++) {
    const id = parts.slice(0, end).join("/");
    const found = places.get(id) ?? (await get("/api/v1/places/{place_id}", { path: { place_id: id } }).catch(() => null));
    if (!found) continue;
    places.set(found.id, found);
    if (found.kind !== "building") continue;
    const query = { place: found.id, limit: PAGE };
    const [inside, there] = await Promise.all([
      every((cursor) => get("/api/v1/places", { query: { ...query, cursor } })),
      every((cursor) => get("/api/v1/devices", { query: { ...query, cursor } })),
    ]);
    for (const each of inside) places.set(each.id, each);
    for (const each of there) devices.set(each.id, each);
    return;
  }
}

export function buildingOf(place: string): string | null {
  const parts = place.split("/");
  for (let end = parts.length; end > 0; end--) {
    const path = parts.slice(0, end).join("/");
    if (places.get(path)?.kind === "building") return path;
  }
  return null;
}

export const placeName = (path: string | null | undefined): string => (path ? places.get(path)?.name || path.split("/").pop() || path : "");

/** The homes that took part; of a building that was not read yet, what lies on a floor. */
export const homesOf = (one: Incident): string[] => one.places.filter((path) => (places.has(path) ? places.get(path)?.kind === "dwelling" : /\/f-?\d+\/[^/]+$/.test(path)));

/** Who holds posts at a place or nearest above it, one line a person: the people to call about this home. */
export function peopleOf(place: string): Post[] {
  const found: Post[] = [];
  for (const path of ancestors(place)) {
    for (const post of posts.all) if (post.place === path && !found.some((each) => each.person === post.person)) found.push(post);
  }
  return found;
}
