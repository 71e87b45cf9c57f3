// Plans as this browser knows them: which places have one, and their pictures.
import { reactive, ref } from "vue";
import { get, picture as readPicture } from "../api/client";
import type { Plan, PlanWithSpots } from "../api/types";
import { onFact } from "../state/live";
import { session } from "../state/session";

const KEPT = 12;

export const plans = reactive(new Map<string, Plan>());
/** False until the list was read. */
export const known = ref(false);
/** Pictures by the name of their content. */
const pictures = new Map<string, Promise<string>>();
/** Plans with their spots, by place. */
export const whole = reactive(new Map<string, PlanWithSpots>());

let listening = false;

export async function readPlans(): Promise<void> {
  if (!listening) {
    listening = true;
    onFact((fact) => {
      if (!fact.kind.startsWith("plan.") || !session.value) return;
      void readPlans().catch(() => undefined);
      if (fact.place && whole.has(fact.place)) void readPlan(fact.place).catch(() => undefined);
    });
  }
  const found = new Map<string, Plan>();
  let cursor: string | undefined;
  do {
    const page = await get("/api/v1/plans", { query: { limit: 500, cursor } });
    for (const each of page.items) found.set(each.place, each);
    cursor = page.next ?? undefined;
  } while (cursor);
  for (const place of plans.keys()) if (!found.has(place)) plans.delete(place);
  for (const [place, plan] of found) plans.set(place, plan);
  known.value = true;
}

export async function readPlan(place: string): Promise<PlanWithSpots> {
  const found = await get("/api/v1/places/{place_id}/plan", { path: { place_id: place } });
  whole.set(place, found);
  return found;
}

/** As an address that an image may show; pictures are read once. */
export function pictureOf(plan: Pick<Plan, "place" | "picture">): Promise<string> {
  const kept = pictures.get(plan.picture);
  if (kept) return kept;
  const read = readPicture("/api/v1/places/{place_id}/plan/picture", { path: { place_id: plan.place }, query: { picture: plan.picture } });
  read.catch(() => pictures.delete(plan.picture));
  pictures.set(plan.picture, read);
  for (const oldest of [...pictures.keys()].slice(0, Math.max(0, pictures.size - KEPT))) pictures.delete(oldest);
  return read;
}
