import { describe, expect, it } from "vitest";
import { EMPTY, LINES_KEPT, byUrgency, fold, isOffered, live, nextAct, refreshed, snapshot } from "../src/state/board";
import { delivery, fact, incident } from "./cases";

const START = snapshot(EMPTY, [incident({ id: "i1", deliveries: [delivery({})] })], 10);

describe("the board", () => {
  it("shows what a fact says at once, and reads the rest soon", () => {
    const board = fold(START, [fact(11, "incident.acknowledged")]);
    const one = board.incidents.get("i1");
    expect([one?.state, one?.acknowledged_by, one?.reached.acknowledged]).toEqual(["acknowledged", "wang", "2026-11-24T02:14:31Z"]);
    expect(board.stale.get("i1")).toBe(11);
  });

  it("takes a fact once, however often it comes", () => {
    const once = fold(START, [fact(11, "incident.acknowledged")]);
    expect(fold(once, [fact(11, "incident.acknowledged", { actor: "li" }), fact(9, "incident.resolved")])).toBe(once);
  });

  it("gives the same board for facts one by one and together", () => {
    const facts = [fact(11, "incident.acknowledged"), fact(12, "incident.en_route"), fact(13, "delivery.sent", { body: { key: "k1", attempts: 1 } }), fact(14, "incident.on_scene")];
    const single = facts.reduce((board, one) => fold(board, [one]), START);
    expect(single).toEqual(fold(START, facts));
    expect(single.incidents.get("i1")?.deliveries[0]?.state).toBe("sent");
  });

  it("holds what a case that it does not know yet needs read", () => {
    const board = fold(EMPTY, [fact(1, "incident.opened", { incident: "new" })]);
    expect([...board.stale.keys()]).toEqual(["new"]);
    expect(board.incidents.size).toBe(0);
  });

  it("lets no list that was read before a fact take the fact back", () => {
    const known = fold(START, [fact(11, "incident.acknowledged")]);
    const late = snapshot(known, [incident({ id: "i1" })], 10);
    expect(late.incidents.get("i1")?.state).toBe("acknowledged");
    expect(snapshot(known, [incident({ id: "i1", state: "acknowledged", revision: 2 })], 11).stale.size).toBe(0);
  });

  it("keeps a case stale where a fact came while it was read", () => {
    const known = fold(START, [fact(11, "incident.acknowledged"), fact(12, "incident.en_route")]);
    expect(refreshed(known, incident({ id: "i1", revision: 2 }), 11).stale.get("i1")).toBe(12);
    expect(refreshed(known, incident({ id: "i1", revision: 3 }), 12).stale.size).toBe(0);
  });

  it("takes no older revision for a newer one", () => {
    const newer = refreshed(START, incident({ id: "i1", revision: 5, state: "on_scene" }), 10);
    expect(refreshed(newer, incident({ id: "i1", revision: 4 }), 10)).toBe(newer);
  });

  it("keeps a timeline that a list does not bring", () => {
    const whole = refreshed(START, incident({ id: "i1", revision: 2, timeline: [{ ...fact(3, "alert.raised"), actor_name: "系统", where: null }] }), 10);
    expect(snapshot(whole, [incident({ id: "i1", revision: 2 })], 10).incidents.get("i1")?.timeline).toHaveLength(1);
  });

  it("keeps the newest of the timelines that were read last, whatever happens in a storm", () => {
    const lines = Array.from({ length: 1000 }, (_, seq) => ({ ...fact(seq, "alert.repeated"), actor_name: "系统", where: null }));
    let board = EMPTY;
    for (let n = 0; n < 50; n++) board = refreshed(board, incident({ id: `i${n}`, timeline: lines }), 0);
    board = fold(board, [fact(2000, "incident.acknowledged", { incident: "i49" })]);
    const kept = [...board.incidents.values()].filter((each) => each.timeline.length);
    expect(kept.map((each) => each.id)).toEqual(Array.from({ length: 12 }, (_, n) => `i${38 + n}`));
    expect(kept.every((each) => each.timeline.length === LINES_KEPT && each.timeline[LINES_KEPT - 1]?.seq === 999)).toBe(true);
    expect(board.incidents.size).toBe(50);
  });

  it("forgets what is long over, however long a screen is left alone", () => {
    let board = EMPTY;
    for (let n = 0; n < 200; n++) board = refreshed(board, incident({ id: `i${n}`, state: "closed", resolved_at: `2026-11-24T03:00:00.${String(n).padStart(3, "0")}Z` }), 0);
    expect(board.incidents.size).toBe(30);
    expect(board.incidents.has("i199")).toBe(true);
  });
});

describe("urgency", () => {
  it("puts life that nobody took first, then life, then what nobody took; in each the older; a drill last", () => {
    const all = [
      incident({ id: "drill", drill: true }),
      incident({ id: "fault", class: "fault", severity: "medium" }),
      incident({ id: "taken", reached: { acknowledged: "2026-11-24T02:14:31Z" }, state: "acknowledged" }),
      incident({ id: "later", opened_at: "2026-11-24T02:15:00Z" }),
      incident({ id: "emergency", class: "emergency" }),
      incident({ id: "fire" }),
    ];
    expect([...all].sort(byUrgency).map((one) => one.id)).toEqual(["fire", "later", "emergency", "taken", "fault", "drill"]);
    const board = snapshot(EMPTY, [...all, incident({ id: "over", state: "resolved" })], 0);
    expect(live(board).map((one) => one.id)).not.toContain("over");
  });
});

describe("a duty check", () => {
  it("stands above faults and below what is grave, until it is answered", () => {
    const check = incident({ id: "check", class: "supervisory", severity: "medium", policy: "duty-check", drill: true });
    const all = [
      incident({ id: "drill", drill: true }), incident({ id: "panel", class: "fault", severity: "high" }), check, incident({ id: "leak", class: "water", severity: "high" }),
      incident({ id: "fought", reached: { acknowledged: "t" } }), incident({ id: "home", class: "warning", severity: "medium" }), incident({ id: "fire" }),
    ];
    expect([...all].sort(byUrgency).map((one) => one.id)).toEqual(["fire", "fought", "leak", "check", "panel", "home", "drill"]);
    const answered = { ...check, id: "answered", reached: { acknowledged: "t" } };
    expect([incident({ id: "drill", drill: true }), answered, incident({ id: "done", class: "fault", severity: "low", reached: { acknowledged: "t" } })].sort(byUrgency).map((one) => one.id)).toEqual(["done", "drill", "answered"]);
  });
});

describe("the next act", () => {
  it("follows the stage", () => {
    const taken = { state: "acknowledged", reached: { acknowledged: "t" } } as const;
    const found = { ...taken, finding: "real", reached: { acknowledged: "t", verified: "t" } } as const;
    expect(nextAct(incident({ id: "i" }))).toBe("acknowledge");
    expect(nextAct(incident({ id: "i", ...taken }))).toBe("verify");
    expect(nextAct(incident({ id: "i", ...found }))).toBe("en-route");
    expect(nextAct(incident({ id: "i", ...found, state: "en_route" }))).toBe("arrive");
    expect(nextAct(incident({ id: "i", ...found, state: "on_scene" }))).toBe("resolve");
    expect(nextAct(incident({ id: "i", ...found, finding: "false" }))).toBe("resolve");
    expect(nextAct(incident({ id: "i", state: "resolved" }))).toBe("close");
  });

  it("is acknowledged anew when it got worse", () => {
    expect(nextAct(incident({ id: "i", state: "on_scene", acknowledged_at: "t", reached: {} }))).toBe("acknowledge");
  });

  it("offers nothing but a note and closing once it is over", () => {
    const over = incident({ id: "i", state: "resolved" });
    expect((["acknowledge", "verify", "en-route", "arrive", "resolve", "escalate", "handover"] as const).some((act) => isOffered(over, act))).toBe(false);
    expect(isOffered(over, "close") && isOffered(over, "notes")).toBe(true);
  });
});
