// Gaps of coverage, read only while something shows them: when it appears, after a change of who answers, and every few
// minutes. They come of a month of rosters, which is much work for the process that also tells of alarms.
import { type Ref, onBeforeUnmount, shallowRef, watch } from "vue";
import { get } from "../api/client";
import type { Fact, Gap } from "../api/types";
import { now } from "./clock";
import { onFact } from "./live";
import { may, session } from "./session";

export const EVERY = 180_000; // milliseconds
const SOON = 2_000; // a change of many rows is many facts

export const gaps = shallowRef<Gap[]>([]);

let shown = 0;
let readAt = 0;
let timer = 0;
let unhear: (() => void) | null = null;

/** What changes who answers where. */
export const changesCoverage = (fact: Pick<Fact, "kind">): boolean => /^(community|person|roster|zone|group|policy)\./.test(fact.kind);

/** Milliseconds until they are to be read again. */
export const waitFor = (readAt: number, at: number): number => Math.max(0, readAt + EVERY - at);

/** For a part that shows them while `wanted` holds. */
export function useGaps(wanted?: Ref<boolean>): void {
  let counted = false;
  const show = (yes: boolean): void => {
    if (yes === counted) return;
    counted = yes;
    shown += yes ? 1 : -1;
    if (shown) {
      unhear ??= onFact((fact) => changesCoverage(fact) && plan(SOON));
      plan(waitFor(readAt, now()));
    } else {
      clearTimeout(timer);
      unhear?.();
      unhear = null;
    }
  };
  watch(() => wanted?.value ?? true, show, { immediate: true });
  onBeforeUnmount(() => show(false));
}

watch(session, () => {
  readAt = 0;
  gaps.value = [];
  if (shown) plan(0);
});

function plan(wait: number): void {
  clearTimeout(timer);
  timer = window.setTimeout(() => void read(), wait);
}

async function read(): Promise<void> {
  readAt = now();
  if (session.value && may("read")) {
    gaps.value = (await get("/api/v1/coverage", { query: { limit: 100 } }).catch(() => ({ items: gaps.value }))).items;
  }
  if (shown) plan(EVERY);
}
