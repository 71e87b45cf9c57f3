// What a live case tells this caller: whom to call for a key, how to get in, what to do by post, what never. Kept in memory
// alone, so that no home's data stays in a phone; the line may break while somebody runs, and what was read stays until
// the case is over.
import { shallowReactive } from "vue";
import { get } from "../api/client";
import type { Card, Checklist, ChecklistItem, Headcount, Incident, Words } from "../api/types";
import { isLive } from "./board";

export const casecard = shallowReactive({ incident: "", card: null as Card | null, list: null as Checklist | null, heads: null as Headcount | null });

/** Reads what there is for this caller. What cannot be read now stays as it was; of another case, empty. */
export async function readCard(one: Incident): Promise<void> {
  if (casecard.incident !== one.id || !isLive(one)) forget(one.id);
  if (!isLive(one)) return;
  const path = { incident_id: one.id };
  const [card, list, heads] = await Promise.all([
    get("/api/v1/incidents/{incident_id}/card", { path }).catch(() => null),
    get("/api/v1/incidents/{incident_id}/checklist", { path }).catch(() => null),
    get("/api/v1/incidents/{incident_id}/headcount", { path }).catch(() => null),
  ]);
  if (casecard.incident !== one.id) return; // another case was opened meanwhile
  casecard.card = card ?? casecard.card;
  casecard.list = list ?? casecard.list;
  casecard.heads = heads ?? casecard.heads;
}

/** Another case is on the screen, or this one is over: what a home's card said goes. */
export function forget(incident = ""): void {
  Object.assign(casecard, { incident, card: null, list: null, heads: null });
}

/** Steps of the caller's posts, and those that are anybody's. */
export function itemsOf(list: Checklist | null, posts: readonly string[]): ChecklistItem[] {
  return (list?.items ?? []).filter((each) => !each.posts.length || each.posts.some((post) => posts.includes(post)));
}

/** What to do in a few lines: the tasks of the caller's posts, else the steps of these posts. Empty: a general text. */
export function tasksOf(card: Card | null, list: Checklist | null): Words[] {
  if (card?.tasks.length) return card.tasks;
  return itemsOf(list, card?.posts ?? []).filter((each) => each.posts.length).map((each) => each.text);
}
