// What whoever handles the case in front must know and do: who lives there, what to do and say, who is out. Of one case
// at a time, however many burn; nothing of a home is kept once another case is in front.
import { reactive } from "vue";
import { Refused, get } from "../api/client";
import type { Card, Checklist, Fact, Headcount, Incident, Listed } from "../api/types";
import { onFact } from "./live";
import { may } from "./session";

const SOON = 200; // milliseconds: several ticks of somebody else are one read

export const casework = reactive({
  incident: "",
  card: null as Card | null,
  /** The card could not be read: what is not shown is not known, which is worse than nothing to know. */
  unread: false,
  list: null as Checklist | null,
  heads: null as Headcount | null,
});
/** Every checklist there is, by its kind of case. */
export const lists = reactive({ all: [] as Listed[], read: false });

export async function readCasework(one: Incident): Promise<void> {
  if (casework.incident !== one.id) forget();
  casework.incident = one.id;
  await Promise.all([readCard(one.id), may("respond") ? readChecklist(one.id) : undefined, may("respond") && one.class === "fire" ? readHeads(one.id) : undefined]);
}

export function forget(): void {
  Object.assign(casework, { incident: "", card: null, unread: false, list: null, heads: null });
}

export async function readCard(id: string): Promise<void> {
  const found = await get("/api/v1/incidents/{incident_id}/card", { path: { incident_id: id } }).catch(() => null);
  if (casework.incident !== id) return;
  casework.unread = found === null;
  if (found) casework.card = found;
}

/** The list of the case's own kind; null where its kind has none. */
export async function readChecklist(id: string): Promise<void> {
  const found = await get("/api/v1/incidents/{incident_id}/checklist", { path: { incident_id: id } }).catch(absent);
  if (found !== undefined && casework.incident === id) casework.list = found;
}

export async function readHeads(id: string): Promise<void> {
  const found = await get("/api/v1/incidents/{incident_id}/headcount", { path: { incident_id: id } }).catch(() => null);
  if (found && casework.incident === id) casework.heads = found;
}

export async function readLists(): Promise<void> {
  if (lists.read) return;
  lists.all = (await get("/api/v1/checklists")).items;
  lists.read = true;
}

/** The card, the list and the count of a case, where they are of this one. */
export const cardOf = (one: Incident): Card | null => (casework.incident === one.id ? casework.card : null);
export const listOf = (one: Incident): Checklist | null => (casework.incident === one.id ? casework.list : null);
export const headsOf = (one: Incident): Headcount | null => (casework.incident === one.id && casework.heads?.items.length ? casework.heads : null);

function absent(error: unknown): null | undefined {
  return error instanceof Refused && error.status === 404 ? null : undefined;
}

let timer = 0;
const stale = new Set<"list" | "heads">();
function heard(fact: Fact): void {
  if (!casework.incident || fact.incident !== casework.incident || !may("respond")) return;
  if (fact.kind === "incident.checked" || fact.kind === "incident.dialled") stale.add("list");
  else if (fact.kind === "incident.counted") stale.add("heads");
  else return;
  clearTimeout(timer);
  timer = window.setTimeout(() => {
    if (stale.has("list")) void readChecklist(casework.incident);
    if (stale.has("heads")) void readHeads(casework.incident).then(() => readCard(casework.incident));
    stale.clear();
  }, SOON);
}
onFact(heard);
