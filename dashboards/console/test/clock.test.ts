import { beforeEach, describe, expect, it, vi } from "vitest";

vi.stubGlobal("localStorage", { getItem: () => null });
const { instantOf, setClock } = await import("../src/state/clock");

const at = "2026-11-25T00:00:00Z";

describe("a field of date and time", () => {
  beforeEach(() => setClock("Asia/Shanghai", at));

  it("is read in the site's zone, wherever the browser is", () => {
    expect(instantOf("2026-11-25T08:30")).toBe("2026-11-25T00:30:00.000Z");
    setClock("America/New_York", at);
    expect(instantOf("2026-11-25T08:30:15")).toBe("2026-11-25T13:30:15.000Z");
  });

  it("follows the clocks of the site through the year", () => {
    setClock("Europe/Berlin", at);
    expect(instantOf("2026-07-01T12:00")).toBe("2026-07-01T10:00:00.000Z");
    expect(instantOf("2026-03-29T03:00")).toBe("2026-03-29T01:00:00.000Z");
    expect(instantOf("2026-10-25T02:30")).toBe("2026-10-25T01:30:00.000Z");
  });

  it("that is empty is no instant", () => expect(instantOf("")).toBeUndefined());
});
