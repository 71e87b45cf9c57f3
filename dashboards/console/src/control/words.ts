// How a case is said: its title, place, people, and each line of its timeline.
import type { Entry, Incident } from "../api/types";
import { second } from "../state/clock";
import { groupNamed, personNamed, rosterNamed } from "../state/duties";
import { listOf } from "../state/casework";
import { ancestors, placeName } from "../state/known";
import { both, w } from "../words";

const PLAIN = new Set<string>(["fire", "gas", "co", "emergency", "water"]);

export const titleOf = (one: Incident): string => (PLAIN.has(one.class) ? w("classes", one.class) : `${w("classes", one.class)} · ${both(one.title)}`);
export const placeOf = (one: Incident): string => (one.place === "unassigned" ? w("unassigned") : one.where.label);
export const personOf = (one: Incident, id: string | null | undefined): string => (id ? (one.people[id] ?? id) : "");
export const kindOf = (one: Incident): string => (one.drill ? "drill" : one.class);

/** Whom a policy names, in words; names are those that `readNamed` has read. */
export function target(text: string): string {
  const colon = text.indexOf(":");
  const [kind, name] = colon < 0 ? [text, ""] : [text.slice(0, colon), text.slice(colon + 1)];
  if (!name) return w("targets", kind);
  if (kind === "any") return name.split("|").map(target).join(w("targets.any"));
  if (kind === "post") return w("posts", name);
  if (kind === "zone") return `${w("zones", name)} ${w("targets.zone")}`;
  if (kind === "person") return personNamed(name);
  if (kind === "roster") return `${w("targets.roster")} ${rosterNamed(name)}`;
  if (kind === "group") return `${w("targets.group")} ${groupNamed(name)}`;
  return text;
}

/** 0s, 90s, 1h30m: how long after the alarm a step is, in words. */
export const afterWords = (text: string): string => (/^0\D/.test(text) ? w("atOnce") : text.replace(/(\d+)([smhd])/g, (_, count: string, unit: string) => `${count} ${w("unit", unit)} `).trim());

/** Where it went from there, in order. */
export function spreadOf(one: Incident): string {
  const others = one.places.slice(1).filter((path) => !ancestors(one.place).includes(path)).map(placeName);
  return others.slice(0, 3).join(w("comma")) + (others.length > 3 ? ` +${others.length - 3}` : "");
}

/** Whom a call was to: a service by its name, somebody by theirs, of the family by their order on the card. */
const called = (service: string, person: string): string => person || (service.startsWith("family:") ? `${w("casework.family")} ${service.slice("family:".length)}` : w("casework.service", service));

/** What a line of the timeline says: who, the fact in bold, and the rest. */
export interface Line {
  who: string;
  fact: string;
  rest: string;
  bad: boolean;
}

export function lineOf(entry: Pick<Entry, "kind" | "actor" | "actor_name" | "place" | "body">, one: Incident | null): Line {
  const line = factOf(entry, one);
  const said = entry.body.said_at;
  if (typeof said !== "string") return line;
  // What a phone kept: when it was done, beside when it came here.
  return { ...line, rest: [line.rest, `${w("duty.saidAt")} ${second(said)}${entry.body.doubted ? ` ${w("duty.doubted")}` : ""}`].filter(Boolean).join(" · ") };
}

function factOf(entry: Pick<Entry, "kind" | "actor" | "actor_name" | "place" | "body">, one: Incident | null): Line {
  const body = entry.body as Record<string, never>;
  const name = (id: string): string => (one ? personOf(one, id) : id);
  const line: Line = { who: entry.actor === "system" ? "" : entry.actor_name, fact: w("kinds", entry.kind), rest: "", bad: false };
  const list = (value: unknown): string[] => (Array.isArray(value) ? (value as string[]) : []);
  const facts = body.facts as { sentence?: Record<string, string>; title?: Record<string, string> } | undefined;
  switch (entry.kind) {
    case "alert.raised":
    case "alert.repeated":
    case "alert.cleared":
      return { ...line, fact: `${placeName(entry.place)} ${line.fact}`, rest: both(facts?.sentence) || both(facts?.title) || both(one?.title), bad: entry.kind === "alert.raised" };
    case "incident.joined":
      return { ...line, rest: placeName(body.at_place as unknown as string) };
    case "incident.worse":
      return { ...line, rest: list(body.reasons).map((reason) => w("reasons", reason)).join(w("comma")), bad: true };
    case "incident.verified":
      return { ...line, rest: [w("findings", body.finding), body.how ? w("hows", String(body.how)) : "", body.note].filter(Boolean).join(" · ") };
    case "incident.resolved":
      return { ...line, rest: [w("outcomes", body.outcome), body.cause ? w("causes", body.cause) : "", body.note].filter(Boolean).join(" · ") };
    case "incident.handed_over":
      return { ...line, rest: `→ ${name(String(body.to))} ${body.note ?? ""}` };
    case "incident.revealed":
      return { ...line, rest: [body.person ? name(body.person) : placeName(body.place), body.reason].filter(Boolean).join(" · ") };
    case "incident.checked":
      return { ...line, rest: [both(one && listOf(one)?.items.find((each) => each.id === String(body.item))?.text) || String(body.item), body.note].filter(Boolean).join(" · ") };
    case "incident.dialled":
      return { ...line, rest: [called(String(body.service), body.person ? name(body.person) : ""), body.note, body.answered === null || body.answered === undefined ? "" : w(body.answered ? "casework.answered" : "casework.unanswered")].filter(Boolean).join(" · "), bad: (body.answered as unknown) === false };
    case "incident.counted":
      return { ...line, rest: [placeName(String(body.at_place)), w("casework.states", String(body.count)), body.note].filter(Boolean).join(" · ") };
    case "notice.made":
      return { ...line, rest: `${w("why", body.why)} → ${list(body.tell).map(target).join(w("comma"))}` };
    case "notice.expanded":
      if (!list(body.people).length && !list(body.gaps).length) return { ...line, fact: w("nobodyNew"), rest: list(body.known).length ? `${list(body.known).map(name).join(w("comma"))} ${w("toldBefore")}` : "" };
      return { ...line, rest: [list(body.people).map(name).join(w("comma")), list(body.gaps).join(w("semicolon"))].filter(Boolean).join(" · "), bad: list(body.gaps).length > 0 };
    case "delivery.sent":
      return { ...line, fact: body.channel === "console" ? w("shown") : line.fact, rest: `${name(String(body.person))} · ${w("channels", body.channel)}` };
    case "escalation.skipped":
      return { ...line, rest: w("unless", body.because) };
    default: {
      const rest = body.person
        ? [name(body.person), body.channel ? w("channels", body.channel) : "", body.channel === "console" && entry.kind === "delivery.unreachable" ? w("noConsole") : body.detail]
        : [body.note, body.text, body.reason, list(body.gaps).join(w("semicolon"))];
      const bad = entry.kind === "coverage.gap" || entry.kind === "delivery.unreachable" || entry.kind === "delivery.refused";
      return { ...line, rest: rest.filter(Boolean).join(" · "), bad };
    }
  }
}
