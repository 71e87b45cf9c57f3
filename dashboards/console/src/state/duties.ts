// Names of what policies tell: rosters, groups, zones, people and the policies themselves. Read when a page wants them.
import { reactive } from "vue";
import { get } from "../api/client";
import { both, w } from "../words";

type Titled = { id: string; name: string; post: string; zone: string };

const MOST = 500;
const rosters = reactive(new Map<string, Titled>());
const groups = reactive(new Map<string, string>());
const zones = reactive(new Map<string, string>());
const people = reactive(new Map<string, string>());
const asked = new Set<string>(); // a name that there is not is not looked for at every turn of a case
const policies = reactive(new Map<string, Record<string, string>>());

export { zones as zonesKnown };

/** A roster as people call it: its name, else its post and whose zone; its id where it has neither. */
export function rosterName(one: Titled): string {
  const post = one.post && w("posts", one.post);
  return one.name || [post, zones.get(one.zone)].filter(Boolean).join(" · ") || one.id;
}

export function rosterNamed(id: string): string {
  const known = rosters.get(id);
  return known ? rosterName(known) : id;
}

export const groupNamed = (id: string): string => groups.get(id) || id;
export const personNamed = (id: string): string => people.get(id) || id;
export const policyNamed = (id: string): string => both(policies.get(id)) || id;

/** A target, or those among which `any:` takes the first that means anybody. */
export const partsOf = (target: string): string[] => target.replace(/^any:/, "").split("|");

/** Reads what these targets name. What cannot be read keeps its id. */
export async function readNamed(targets: readonly string[]): Promise<void> {
  const named = targets.flatMap(partsOf).filter((each) => !asked.has(each));
  for (const each of named) asked.add(each);
  const of = (kind: string): string[] => named.filter((each) => each.startsWith(`${kind}:`)).map((each) => each.slice(kind.length + 1));
  await Promise.all([
    of("roster").length ? readRosters() : undefined,
    of("group").length ? readGroups() : undefined,
    ...[...new Set(of("person"))].map(readPerson),
  ]);
}

export async function readRosters(): Promise<void> {
  const [found] = await Promise.all([get("/api/v1/rosters", { query: { limit: MOST } }).catch(() => null), readZones()]);
  for (const each of found?.items ?? []) rosters.set(each.id, each);
}

export async function readPolicies(): Promise<void> {
  const found = await get("/api/v1/policies").catch(() => null);
  for (const each of found?.items ?? []) policies.set(each.id, each.title);
}

export async function readZones(): Promise<void> {
  const found = await get("/api/v1/zones", { query: { limit: MOST } }).catch(() => null);
  for (const each of found?.items ?? []) zones.set(each.id, each.name);
}

async function readGroups(): Promise<void> {
  const found = await get("/api/v1/groups", { query: { limit: MOST } }).catch(() => null);
  for (const each of found?.items ?? []) groups.set(each.id, each.name);
}

async function readPerson(id: string): Promise<void> {
  const found = await get("/api/v1/people/{person_id}", { path: { person_id: id } }).catch(() => null);
  if (found) people.set(id, found.name);
}
