import { describe, expect, it } from "vitest";
import { RESOUND, isMuted, mute, sounding } from "../src/state/alarm";
import { incident } from "./cases";

const NOW = 1_000_000;
const fire = incident({ id: "fire" });
const fault = incident({ id: "fault", class: "fault", severity: "medium" });

describe("消音", () => {
  it("sounds the most urgent that nobody took, and never a drill", () => {
    expect(sounding([fire, fault], new Map(), NOW)).toBe("fire");
    expect(sounding([{ ...fire, drill: true }], new Map(), NOW)).toBeNull();
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

  it("is told from silence that has nothing to say", () => {
    expect(isMuted([], new Map(), NOW)).toBe(false);
    expect(isMuted([fire], mute([fire], NOW), NOW + 1)).toBe(true);
  });
});
