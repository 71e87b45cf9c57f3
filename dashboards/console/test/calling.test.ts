import { describe, expect, it } from "vitest";
import type { Card, Incident } from "../src/api/types";
import { isOffered, isRung } from "../src/state/board";
import { callees, callsTo, unanswered } from "../src/state/calling";
import { incident } from "./cases";

type Calls = NonNullable<Incident["file"]>["calls"];
const call = (service: string, answered: boolean | null, person: string | null = null): Calls[number] => ({ service, answered, person, at: "2026-11-24T02:14:31Z", by: "wang", note: "" });
const HOME = {
  place: "b/f5/501", where: { label: "501", names: ["5层", "501"] }, residents: 1, needs: [], helped: false, gate: "", note: "",
  contacts: [{ name: "甲", relation: "女儿", phone: "1" }, { name: "乙", relation: "儿子", phone: "2" }],
  keys: [{ person: "zhao", name: "赵", phone: "3", note: "" }, { person: null, name: "", phone: "", note: "钥匙盒" }],
};
const CARD = { households: [HOME] } as unknown as Card;
const POSTS = [{ person: "zhao", name: "赵", post: "building_leader" }, { person: "li", name: "李", post: "patrol" }];

describe("whom to call", () => {
  it("is the family in order, then who has a key, then the posts, each once, and no name is kept of the family", () => {
    const order = callees(CARD, POSTS, { li: "4" });
    expect(order.map((each) => [each.service, each.person, each.kind, each.name, each.phone])).toEqual([
      ["family:1", null, "family", "甲", "1"],
      ["family:2", null, "family", "乙", "2"],
      ["person", "zhao", "key", "赵", "3"],
      ["person", "li", "post", "李", "4"],
    ]);
    expect(order.map((each) => each.note)).toEqual(["501 女儿", "501 儿子", "", ""]);
    expect(callees(null, POSTS, {}).map((each) => each.person)).toEqual(["zhao", "li"]);
  });

  it("counts calls in a row that nobody answered, and not those to a service", () => {
    expect(unanswered([])).toBe(0);
    const twice = [call("family:1", false), call("120", null), call("family:2", false)];
    expect(unanswered(twice)).toBe(2);
    expect(unanswered([...twice, call("person", true, "zhao")])).toBe(0);
    expect(unanswered([...twice, call("person", true, "zhao"), call("family:1", false)])).toBe(1);
    expect(callsTo({ service: "family:1", person: null }, twice)).toHaveLength(1);
    expect(callsTo({ service: "person", person: "li" }, [call("person", true, "zhao")])).toHaveLength(0);
  });
});

describe("what is offered", () => {
  it("rings at no home where gas or CO was detected, be the case a fire", () => {
    expect(isRung(incident({ id: "i" }))).toBe(true);
    expect(isRung(incident({ id: "i", class: "gas" }))).toBe(false);
    expect(isRung(incident({ id: "i", class: "co" }))).toBe(false);
    expect(isRung(incident({ id: "i" }), [{ class: "fire" }, { class: "gas" }])).toBe(false);
  });

  it("is what the service would take: nobody hands over what nobody holds, nor gives back what they stand before", () => {
    const states = ["open", "acknowledged", "en_route", "on_scene"] as const;
    const offered = (act: "handover" | "decline", me: string) => states.filter((state) => isOffered(incident({ id: "i", state, holder: state === "open" ? null : "wang" }), act, me));
    expect(offered("handover", "wang")).toEqual(["acknowledged", "en_route", "on_scene"]);
    expect(offered("decline", "wang")).toEqual(["open", "acknowledged", "en_route"]);
    expect(offered("decline", "li")).toEqual([...states]);
  });
});
