// What is happening, as a value: a snapshot of incidents, and journal facts folded into it. Pure.
//
// A fact shows at once what it says (who took it, who was told, that it is over); what it does not say (names, the next
// step) is read from the service soon after: its incident is `stale` until then.
import type { Alert, Delivery, Fact, Incident } from "../api/types";

export interface Board {
  incidents: ReadonlyMap<string, Incident>;
  /** Incidents that facts touched since they were read, with the newest fact's number. */
  stale: ReadonlyMap<string, number>;
  /** The newest fact that was folded in. */
  seq: number;
  /** Incidents that were read whole, the newest read last: only these keep their timelines. */
  whole: readonly string[];
}

export const EMPTY: Board = { incidents: new Map(), stale: new Map(), seq: 0, whole: [] };

const ENDED_KEPT = 30;
const WHOLE_KEPT = 12;
/** Newest entries of a timeline in memory; the case's own page reads every second of it. */
export const LINES_KEPT = 120;

/** A list read from the service replaces what is known, but for incidents that newer facts touched meanwhile. */
export function snapshot(board: Board, items: readonly Incident[], readAfter: number): Board {
  const incidents = new Map(items.map((one) => [one.id, keepTimeline(one, board.incidents.get(one.id))]));
  const stale = new Map([...board.stale].filter(([, seq]) => seq > readAfter));
  for (const id of stale.keys()) {
    const known = board.incidents.get(id);
    if (known) incidents.set(id, known);
  }
  return { ...board, incidents, stale, seq: Math.max(board.seq, readAfter) };
}

/** One incident read anew. It stays stale where a fact came while it was read. */
export function refreshed(board: Board, incident: Incident, readAfter: number): Board {
  const incidents = new Map(board.incidents);
  const known = incidents.get(incident.id);
  if (known && known.revision > incident.revision) return board;
  incidents.set(incident.id, keepTimeline({ ...incident, timeline: incident.timeline.slice(-LINES_KEPT) }, known));
  const whole = [...board.whole.filter((each) => each !== incident.id), incident.id];
  for (const id of whole.splice(0, Math.max(0, whole.length - WHOLE_KEPT))) {
    const bare = incidents.get(id);
    if (bare?.timeline.length) incidents.set(id, { ...bare, timeline: [] });
  }
  const stale = new Map(board.stale);
  if ((stale.get(incident.id) ?? 0) <= readAfter) stale.delete(incident.id);
  return { ...board, incidents: forget(incidents), stale, whole };
}

/** Facts in order of their numbers. One that was folded in before changes nothing. */
export function fold(board: Board, facts: readonly Fact[]): Board {
  const news = facts.filter((fact) => fact.seq > board.seq);
  if (!news.length) return board;
  const incidents = new Map(board.incidents);
  const stale = new Map(board.stale);
  let seq = board.seq;
  for (const fact of news) {
    seq = fact.seq;
    if (!fact.incident) continue;
    stale.set(fact.incident, fact.seq);
    const known = incidents.get(fact.incident);
    if (known) incidents.set(fact.incident, told(known, fact));
  }
  return { ...board, incidents, stale, seq };
}

/** What one fact says of its incident. */
export function told(one: Incident, fact: Fact): Incident {
  const { at, actor, body } = fact;
  switch (fact.kind) {
    case "incident.acknowledged":
      return { ...one, state: one.state === "open" ? "acknowledged" : one.state, acknowledged_at: one.acknowledged_at ?? at, acknowledged_by: one.acknowledged_by ?? actor, reached: { ...one.reached, acknowledged: at } };
    case "incident.verified":
      return { ...one, finding: body.finding as Incident["finding"], verified_at: at, verified_by: actor, reached: body.finding === "unclear" ? one.reached : { ...one.reached, verified: at } };
    case "incident.en_route":
      return { ...one, state: "en_route", en_route_at: at, en_route_by: actor, reached: { ...one.reached, en_route: at } };
    case "incident.on_scene":
      return { ...one, state: "on_scene", on_scene_at: at, on_scene_by: actor, reached: { ...one.reached, on_scene: at } };
    case "incident.resolved":
      return { ...one, state: "resolved", resolved_at: at, resolved_by: actor, outcome: (body.outcome as Incident["outcome"]) ?? one.outcome, next_step: null };
    case "incident.closed":
      return { ...one, state: "closed", closed_at: at, closed_by: actor };
    case "delivery.sent":
    case "delivery.delivered":
    case "delivery.seen":
    case "delivery.answered":
    case "delivery.unreachable":
    case "delivery.refused":
      return { ...one, deliveries: one.deliveries.map((each) => (each.key === body.key ? settled(each, fact) : each)) };
    default:
      return one;
  }
}

function settled(delivery: Delivery, fact: Fact): Delivery {
  const state = fact.kind.slice("delivery.".length) as Delivery["state"];
  const stamp = { sent: "sent_at", delivered: "delivered_at", seen: "seen_at", answered: "answered_at" }[state as string];
  const attempts = typeof fact.body.attempts === "number" ? fact.body.attempts : delivery.attempts;
  return { ...delivery, state, attempts, ...(stamp ? { [stamp]: fact.at } : {}) };
}

/** Lists come without timelines; one that was read whole keeps its own until it is read again. */
function keepTimeline(next: Incident, known: Incident | undefined): Incident {
  return next.timeline.length || !known ? next : { ...next, timeline: known.timeline };
}

/** Only so many of those that are over stay in memory, however long a screen is left alone. */
function forget(incidents: Map<string, Incident>): Map<string, Incident> {
  const ended = [...incidents.values()].filter((one) => !isLive(one)).sort((a, b) => endOf(b).localeCompare(endOf(a)));
  for (const one of ended.slice(ENDED_KEPT)) incidents.delete(one.id);
  return incidents;
}

const endOf = (one: Incident): string => one.resolved_at ?? one.opened_at;

export const isLive = (one: Incident): boolean => one.state !== "resolved" && one.state !== "closed";
/** Nobody has taken it, or it got worse since somebody did. */
export const isUnheard = (one: Incident): boolean => isLive(one) && !one.reached.acknowledged;

const SEVERITIES = ["critical", "high", "medium", "low", "info"];
export const CLASSES = ["fire", "gas", "co", "emergency", "water", "warning", "supervisory", "fault"];
const LIFE = new Set<string>(["fire", "gas", "co", "emergency"]);

export const isLifeSafety = (one: Incident): boolean => LIFE.has(one.class);

/** 查岗: it wants an answer within minutes, and tells the shift lead without one. */
export const isDutyCheck = (one: Incident): boolean => one.drill && one.policy === "duty-check";

const FAULTS = new Set<string>(["fault", "supervisory"]);
const isGrave = (one: Incident): boolean => (one.severity === "critical" || one.severity === "high") && !FAULTS.has(one.class);

/** Life that nobody has taken, life that somebody has, other grave things that nobody has taken; a duty check to answer;
 * faults and the like that nobody has taken; the rest of what is real; exercises. */
function rank(one: Incident): number {
  if (one.drill) return isDutyCheck(one) && isUnheard(one) ? 3 : 6;
  if (isLifeSafety(one)) return isUnheard(one) ? 0 : 1;
  if (!isUnheard(one)) return 5;
  return isGrave(one) ? 2 : 4;
}

/** What needs a person most comes first; in one rank the worse, the graver class, the older. Drills after all that is
 * real. A leak that nobody took never hides a fire that is being fought. */
export function byUrgency(a: Incident, b: Incident): number {
  return (
    rank(a) - rank(b) ||
    SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
    CLASSES.indexOf(a.class) - CLASSES.indexOf(b.class) ||
    a.opened_at.localeCompare(b.opened_at)
  );
}

export const live = (board: Board): Incident[] => [...board.incidents.values()].filter(isLive).sort(byUrgency);
export const ended = (board: Board): Incident[] =>
  [...board.incidents.values()].filter((one) => !isLive(one)).sort((a, b) => endOf(b).localeCompare(endOf(a)));

export type ActName = "acknowledge" | "verify" | "en-route" | "arrive" | "resolve" | "close" | "escalate" | "notes" | "handover" | "decline";

/** The next act of a person, by how far the case has come. */
export function nextAct(one: Incident): ActName {
  if (one.state === "resolved") return "close";
  if (!one.reached.acknowledged) return "acknowledge";
  if (!one.reached.verified && one.finding !== "unclear") return "verify";
  if (one.finding === "false") return "resolve";
  if (one.state === "acknowledged" || one.state === "open") return "en-route";
  if (one.state === "en_route") return "arrive";
  return "resolve";
}

/** Where gas or CO was detected nobody rings the bell or the telephone: a spark is enough, and whoever gets up to answer
 * breathes more of it. `alerts`: those of the case, where they are known. */
export const isRung = (one: Pick<Incident, "class">, alerts: readonly Pick<Alert, "class">[] = []): boolean => ![one, ...alerts].some((each) => each.class === "gas" || each.class === "co");

/** What the service would not refuse (domain/incident.py, INCIDENT_MOVES), and what makes sense. `me`: whoever asks. */
export function isOffered(one: Incident, act: ActName, me = ""): boolean {
  if (act === "close") return one.state === "resolved";
  if (act === "notes") return one.state !== "closed";
  if (!isLive(one)) return false;
  if (act === "acknowledge") return isUnheard(one);
  if (act === "en-route") return (one.state === "open" || one.state === "acknowledged") && one.finding !== "false";
  if (act === "handover") return one.state !== "open";
  if (act === "decline") return one.holder !== me || one.state === "acknowledged" || one.state === "en_route";
  if (act === "arrive") return one.state !== "on_scene" && one.finding !== "false";
  return true;
}
