import { describe, expect, it } from "vitest";
import { RESOUND, isMuted, mute, sounding } from "../src/state/alarm";
import { incident } from "./cases";

const NOW = 1_000_000;
const fire = incident({ id: "fire" });
const fault = incident({ id: "fault", class: "fault", severity: "medium" });
const check = incident({ id: "check", class: "supervisory", severity: "medium", policy: "duty-check", drill: true });

describe("消音", () => {
  it("sounds the most urgent that nobody took", () => {
    expect(sounding([fire, fault], new Map(), NOW)).toBe("fire");
    expect(sounding([{ ...fire, reached: { acknowledged: "t" } }], new Map(), NOW)).toBeNull();
  });

  it("mutes this sound only: a new alarm sounds again", () => {
    const muted = mute([fire], NOW);
    expect(sounding([fire], muted, NOW + 1)).toBeNull();
    expect(sounding([fire, incident({ id: "new", class: "gas" })], muted, NOW + 1)).toBe("gas");
  });

  it("is over when another detector joins the same case", () => {
    const muted = mute([fire], NOW);
    expect(sounding([{ ...fire, alerts: ["a1", "a2"] }], muted, NOW + 1)).toBe("fire");
  });

  it("is over after a minute where life is at stake and nobody took it", () => {
    const muted = mute([fire, fault], NOW);
    expect(sounding([fire, fault], muted, NOW + RESOUND - 1)).toBeNull();
    expect(sounding([fire, fault], muted, NOW + RESOUND)).toBe("fire");
    expect(sounding([fault], muted, NOW + 10 * RESOUND)).toBeNull();
  });

  it("lets a check or drill sound as what it is, and never over what is real", () => {
    expect(sounding([check], new Map(), NOW)).toBe("drill");
    expect(sounding([{ ...fire, drill: true }], new Map(), NOW)).toBe("drill");
    expect(sounding([check, fault], new Map(), NOW)).toBe("fault");
    expect(sounding([check, fault], mute([fault], NOW), NOW + 1)).toBe("drill");
    expect(sounding([fire, check], mute([fire], NOW), NOW + 1)).toBeNull();
    expect(sounding([fire, check], mute([fire], NOW), NOW + RESOUND)).toBe("fire");
    expect(sounding([{ ...check, reached: { acknowledged: "t" } }], new Map(), NOW)).toBeNull();
    expect([RESOUND, 100 * RESOUND].map((later) => sounding([{ ...fire, drill: true }], mute([{ ...fire, drill: true }], NOW), NOW + later))).toEqual([null, null]);
    expect(isMuted([check], mute([check], NOW), NOW + 1)).toBe(true);
  });

  it("is told from silence that has nothing to say", () => {
    expect(isMuted([], new Map(), NOW)).toBe(false);
    expect(isMuted([fire], mute([fire], NOW), NOW + 1)).toBe(true);
  });
});
