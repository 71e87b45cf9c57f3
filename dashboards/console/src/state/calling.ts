// Whom to call about a home, in order, and what came of it: the family as the card has them, then who holds a key, then
// the posts of the place. Pure.
import type { Card, Incident } from "../api/types";

export interface Callee {
  key: string;
  /** As the call is kept: `family:1` by the order of the card, or `person` with their id. No name is kept. */
  service: string;
  person: string | null;
  kind: "family" | "key" | "post";
  name: string;
  /** Relation, or what they have or hold. */
  about: string;
  phone: string;
  /** What may stand in the journal: which home, and the relation. */
  note: string;
}

type Call = NonNullable<Incident["file"]>["calls"][number];
interface Holder {
  person: string;
  name: string;
  post: string;
}

export function callees(card: Card | null, posts: readonly Holder[], phones: Record<string, string>): Callee[] {
  const homes = card?.households ?? [];
  const family = homes.flatMap((home) => home.contacts.map((each) => ({ ...each, room: home.where.names.at(-1) ?? "" })));
  const found: Callee[] = family.map((each, index) => ({
    key: `family:${index + 1}`, service: `family:${index + 1}`, person: null, kind: "family", name: each.name, about: each.relation, phone: each.phone, note: [each.room, each.relation].filter(Boolean).join(" "),
  }));
  const add = (person: string, kind: "key" | "post", name: string, about: string, phone: string): void => {
    if (!found.some((each) => each.person === person)) found.push({ key: `person:${person}`, service: "person", person, kind, name, about, phone, note: "" });
  };
  for (const key of homes.flatMap((home) => home.keys)) if (key.person) add(key.person, "key", key.name, key.note, key.phone);
  for (const each of posts) add(each.person, "post", each.name, each.post, phones[each.person] ?? "");
  return found;
}

const ofPeople = (calls: readonly Call[]): Call[] => calls.filter((each) => each.answered !== null && (each.person !== null || each.service.startsWith("family:")));

/** The calls to one of them, the newest last. */
export const callsTo = (callee: Pick<Callee, "service" | "person">, calls: readonly Call[]): Call[] =>
  ofPeople(calls).filter((each) => (callee.person ? each.person === callee.person : each.service === callee.service));

/** How many calls in a row nobody answered. Twice means: send somebody. */
export function unanswered(calls: readonly Call[]): number {
  const made = ofPeople(calls);
  return made.length - 1 - made.map((each) => each.answered).lastIndexOf(true);
}
