import { describe, expect, it } from "vitest";
import { added, draftOf, faultsOf, isChanged, kindsHere, moved, sentOf } from "../src/manage/contactDraft";

const person = { channels: [{ kind: "sms", verified: true }, { kind: "console", verified: false }] } as Parameters<typeof draftOf>[0];

describe("contacts", () => {
  it("stay by where they stand, since nobody is shown their addresses", () => {
    const rows = draftOf(person);
    expect(isChanged(rows, person)).toBe(false);
    const turned = moved(rows, 0, 1);
    expect(isChanged(turned, person)).toBe(true);
    expect(sentOf(turned)).toEqual([{ kind: "console", url: "", number: "", keep: 1 }, { kind: "sms", url: "", number: "", keep: 0 }]);
    expect(sentOf(moved(turned, 0, -1))).toEqual(sentOf(turned));
    expect(isChanged(rows.slice(1), person)).toBe(true);
  });

  it("that are new say what their channel needs and nothing else", () => {
    const rows = ["voice", "email", "webhook", "console"].reduce(added, draftOf(person));
    expect(new Set(rows.map((each) => each.key)).size).toBe(6);
    const said = rows.map((each) => ({ ...each, url: each.kind === "email" ? " a@example.org " : "https://x", number: " 138 ", secret: each.kind === "webhook" ? "s" : "" }));
    expect(sentOf(said).slice(2)).toEqual([
      { kind: "voice", url: "", number: "138" }, { kind: "email", url: "mailto:a@example.org", number: "" }, { kind: "webhook", url: "https://x", number: "", secret: "s" }, { kind: "console", url: "", number: "" },
    ]);
  });

  it("are offered on channels that are installed, the plain ones first", () => {
    expect(kindsHere(["webhook", "mqtt", "push", "apprise", "sms", "console"])).toEqual(["console", "sms", "webhook"]);
  });

  it("have their faults beside the field", () => {
    expect(faultsOf([{ pointer: "body/1/url", detail: "is private" }, { pointer: "/body/0/number", detail: "is missing" }, { pointer: "body", detail: "twice" }])).toEqual({ "1/url": "is private", "0/number": "is missing", "": "twice" });
  });
});
