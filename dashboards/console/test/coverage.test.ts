import { beforeAll, describe, expect, it, vi } from "vitest";

beforeAll(() => {
  vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => undefined, removeItem: () => undefined });
});

describe("gaps of coverage", () => {
  it("are read anew after a change of who answers, and not for what devices and cases say", async () => {
    const { changesCoverage } = await import("../src/state/coverage");
    const heard = ["community.applied", "person.away", "person.contacts_changed", "roster.overridden", "zone.place_added"];
    const other = ["device.heard", "device.imported", "alert.raised", "incident.opened", "coverage.gap", "delivery.sent", "personal.x"];
    expect(heard.filter((kind) => !changesCoverage({ kind }))).toEqual([]);
    expect(other.filter((kind) => changesCoverage({ kind }))).toEqual([]);
  });

  it("are otherwise read every few minutes, however often a page that shows them is opened", async () => {
    const { EVERY, waitFor } = await import("../src/state/coverage");
    expect(EVERY).toBeGreaterThanOrEqual(120_000);
    expect([waitFor(1_000_000, 1_000_000), waitFor(1_000_000, 1_060_000), waitFor(1_000_000, 1_000_000 + EVERY), waitFor(0, 1_700_000_000_000)]).toEqual([EVERY, EVERY - 60_000, 0, 0]);
  });
});
