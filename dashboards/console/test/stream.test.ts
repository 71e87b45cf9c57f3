import { beforeAll, describe, expect, it, vi } from "vitest";

beforeAll(() => {
  vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => undefined, removeItem: () => undefined });
});

describe("the stream", () => {
  it("gives whole events only, however the bytes are cut", async () => {
    const { parse } = await import("../src/api/stream");
    const text = 'retry: 1000\nid: 7\n\n: beat\n\nid: 8\nevent: alert.raised\ndata: {"seq":8}\n\n';
    for (let cut = 0; cut <= text.length; cut++) {
      const first = parse("", text.slice(0, cut));
      const second = parse(first.rest, text.slice(cut));
      const events = [...first.events, ...second.events];
      expect(events.filter((one) => one.data)).toEqual([{ id: "8", data: '{"seq":8}' }]);
      expect(events.map((one) => one.id).filter(Boolean)).toEqual(["7", "8"]);
      expect(second.rest).toBe("");
    }
  });
});

describe("an address", () => {
  it("keeps the slashes of ids and leaves out what is not asked", async () => {
    const { address } = await import("../src/api/client");
    expect(address("/api/v1/devices/{device_id}", { path: { device_id: "a b/c#1" } })).toBe("/api/v1/devices/a%20b/c%231");
    expect(address("/api/v1/incidents", { query: { state: ["open", "acknowledged"], place: "", limit: 5, cursor: undefined } })).toBe("/api/v1/incidents?state=open%2Cacknowledged&limit=5");
  });
});
