import { describe, expect, it } from "vitest";
import { nearest, nearness, shared } from "../src/casework/near";
import { mayReview } from "../src/casework/reviewing";
import { sizeOf } from "../src/casework/sizes";
import type { Post } from "../src/api/types";
import { isWorkOffered } from "../src/casework/working";
import { incident } from "./cases";

const HOME = "jie/she/qu/b3/u2/f5/501";

describe("other cases", () => {
  it("are as near as their places", () => {
    expect(shared(HOME, "jie/she/qu/b3/u1/f5/501")).toBe("jie/she/qu/b3");
    expect(nearness(HOME, HOME)).toBe("sameHome");
    expect(nearness(HOME, "jie/she/qu/b3/u1")).toBe("sameBuilding");
    expect(nearness(HOME, "jie/she/qu/b31")).toBe("sameCompound");
    expect(nearness(HOME, "jie/she/other/b3")).toBe("elsewhere");
    expect(nearness("unassigned", "unassigned")).toBe("elsewhere");
  });

  it("come nearest first, the case itself left out", () => {
    const cases = ["jie/she/other/b1", "jie/she/qu/b9", "jie/she/qu/b3/u1", HOME, "jie/she/qu/b3/u2/f6/601"].map((place, index) => incident({ id: `i${index}`, place }));
    expect(nearest(HOME, cases, "i3").map((each) => each.one.id)).toEqual(["i4", "i2", "i1", "i0"]);
  });
});

describe("a review", () => {
  const posts = [{ place: "jie/she/qu", post: "branch_secretary", person: "li", name: "李某", deputy: "he" }, { place: "jie/she/other", post: "party_member", person: "zhou", name: "周某", deputy: null }] as Post[];
  const one = { resolved_by: "wang", holder: "zhao", place: HOME };

  it("is never of one's own", () => {
    expect(mayReview(one, "wang", "desk", posts).why).toBe("ownResolve");
    expect(mayReview(one, "zhao", "desk", posts).why).toBe("ownHold");
    expect(mayReview({ ...one, resolved_by: "desk" }, null, "desk", posts).why).toBe("ownResolve");
  });

  it("is the branch's where there is one, its deputies' too", () => {
    expect(mayReview(one, "li", "desk", posts).why).toBe("");
    expect(mayReview(one, "he", "desk", posts).why).toBe("");
    expect(mayReview(one, "zhou", "desk", posts)).toEqual({ why: "byBranch", branch: ["李某"] });
    expect(mayReview(one, "zhou", "desk", []).why).toBe("");
    expect(mayReview(one, null, "token", posts).why).toBe("");
  });
});

describe("what may be made of a case", () => {
  it("follows how far it has come", () => {
    const going = incident({ id: "a", state: "acknowledged", alerts: ["x", "y"] });
    expect([isWorkOffered(going, "merge"), isWorkOffered(going, "split"), isWorkOffered(going, "entry"), isWorkOffered(going, "review")]).toEqual([true, true, true, false]);
    expect(isWorkOffered({ ...going, alerts: ["x"] }, "split")).toBe(false);
    const over = incident({ id: "b", state: "closed", owed: [{ what: "review", at: null }] });
    expect([isWorkOffered(over, "merge"), isWorkOffered(over, "review"), isWorkOffered(over, "follow-up"), isWorkOffered(over, "close")]).toEqual([false, true, true, false]);
    expect(isWorkOffered({ ...over, reviewed_at: "2026-11-25T02:14:07Z" }, "review")).toBe(false);
    expect(isWorkOffered({ ...over, drill: true }, "follow-up")).toBe(false);
  });
});

describe("sizes", () => {
  it("are said in the unit that people know", () => {
    expect([sizeOf(10), sizeOf(812 * 1024), sizeOf(3.4 * 1024 * 1024)]).toEqual(["1 kB", "812 kB", "3.4 MB"]);
  });
});
