// Who may review a case, as far as the console knows before it asks. The service decides. Pure.
import type { Incident, Post } from "../api/types";
import { ancestors } from "../state/paths";

/** 小区党支部, as in the service's domain/acts.py. */
const BRANCH = new Set(["branch_secretary", "branch_observer", "party_member", "neighbour_supervisor"]);

export interface Whether {
  /** A word of why it cannot be; empty: nothing is known against it. */
  why: "" | "ownResolve" | "ownHold" | "byBranch";
  /** The branch here, where the caller is not of it. */
  branch: string[];
}

/** `person`: as whom the caller acts; null for a token or user that is nobody of the directory. */
export function mayReview(one: Pick<Incident, "resolved_by" | "holder" | "place">, person: string | null, actor: string, posts: readonly Post[]): Whether {
  const me = person ?? actor;
  if (one.resolved_by === me) return { why: "ownResolve", branch: [] };
  if (one.holder === me) return { why: "ownHold", branch: [] };
  const around = ancestors(one.place);
  const branch = posts.filter((each) => BRANCH.has(each.post) && around.includes(each.place));
  const mine = branch.some((each) => each.person === me || each.deputy === me);
  if (!person || mine || !branch.length) return { why: "", branch: [] };
  return { why: "byBranch", branch: [...new Set(branch.map((each) => each.name || each.person))] };
}
