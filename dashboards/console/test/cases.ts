// Incidents and facts for tests: what the console reads of them, with only what a test is about said anew.
import type { Delivery, Fact, Incident } from "../src/api/types";

export function incident(given: Partial<Incident> & { id: string }): Incident {
  return {
    state: "open", severity: "critical", class: "fire", title: { zh: "烟雾报警", en: "Smoke" }, place: "a/b3/u2/f5/501",
    where: { label: "3号楼 2单元 501", names: ["金源小区", "3号楼", "2单元", "5层", "501"] }, places: ["a/b3/u2/f5/501"], zone: null, alerts: ["a1"],
    active: ["a1"], devices: ["d1"], confirmed: false, opened_at: "2026-11-24T02:14:07Z", acknowledged_at: null, acknowledged_by: null, verified_at: null,
    verified_by: null, finding: null, finding_how: "", en_route_at: null, en_route_by: null, on_scene_at: null, on_scene_by: null, resolved_at: null,
    resolved_by: null, outcome: null, cause: "", cleared_at: null, reviewed_at: null, reviewed_by: null, closed_at: null, closed_by: null, holder: null,
    declined: [], reached: {}, drill: false, test: false, late: false, demo: false, policy: "fire", next_step: null, owed: [], deliveries: [], timeline: [], people: {},
    revision: 1, ...given,
  } as Incident;
}

export function delivery(given: Partial<Delivery>): Delivery {
  return {
    key: "k1", incident: "i1", person: "wang", name: "王某", post: "patrol", channel: "webhook", why: "first", step: 0, state: "queued", attempts: 0,
    created_at: "2026-11-24T02:14:08Z", sent_at: null, delivered_at: null, seen_at: null, answered_at: null, due_at: null, detail: "", ...given,
  } as Delivery;
}

export function fact(seq: number, kind: string, given: Partial<Fact> = {}): Fact {
  return { seq, kind, at: "2026-11-24T02:14:31Z", actor: "wang", incident: "i1", alert: null, device: null, place: null, body: {}, ...given };
}
