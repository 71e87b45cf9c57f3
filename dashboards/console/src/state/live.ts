// Keeps the board true: one stream of facts, folded at most once a frame, and reads of what they leave open.
import { computed, shallowRef, watch } from "vue";
import { get } from "../api/client";
import { follow } from "../api/stream";
import type { Fact, Fleet, Incident, Ready } from "../api/types";
import { EMPTY, type Board, ended, fold, isLive, live, refreshed, snapshot } from "./board";
import { now } from "./clock";
import { may, restore, session } from "./session";

const LIVE = ["open", "acknowledged", "en_route", "on_scene"];
const PAGE = 200;
const READS_AT_ONCE = 4;
const MANY = 12; // more stale incidents than this are read as one list
const CALM = 250; // milliseconds between two redraws while much happens
const FEW = 5;

export const board = shallowRef<Board>(EMPTY);
export const open = computed<Incident[]>(() => live(board.value));
export const over = computed<Incident[]>(() => ended(board.value));
export const ready = shallowRef<Ready | null>(null);
export const fleet = shallowRef<Fleet | null>(null);
/** The line to the service is alive. */
export const alive = shallowRef(true);
/** When the picture was last known to be true. */
export const pictureAt = shallowRef(Date.now());
/** The first snapshot has been drawn. */
export const drawn = shallowRef(false);

const listeners = new Set<(fact: Fact) => void>();
let waiting: Fact[] = [];
let foldAt = 0;
let frame = 0;
let recent: number[] = [];
let stop: (() => void) | null = null;
let timers: number[] = [];
let listReading = false;
let listAgain = false;
const reading = new Set<string>();

export function onFact(listener: (fact: Fact) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function start(): void {
  end();
  stop = follow({
    onOpen: () => {
      alive.value = true;
      void readList();
    },
    onFact: heard,
    onBeat: () => {
      alive.value = true;
      pictureAt.value = now();
    },
    onLost: (status) => {
      if (status === 401) void restore().catch(() => undefined);
      alive.value = false;
    },
  });
  void Promise.allSettled([readFleet(), readReady()]);
  timers = [window.setInterval(() => void readReady().catch(() => undefined), 5_000), window.setInterval(() => void readFleet().catch(() => undefined), 15_000)];
}

export function end(): void {
  stop?.();
  stop = null;
  timers.forEach(clearInterval);
  timers = [];
}

watch(session, (who) => {
  if (who) return start();
  end();
  board.value = EMPTY;
  drawn.value = false;
});

function heard(fact: Fact): void {
  waiting.push(fact);
  listeners.forEach((listener) => listener(fact));
  if (fact.kind.startsWith("device.")) soonFleet();
  schedule();
}

/** At once while little happens; a few times a second in a storm, so that a screen with 500 alerts stays quick. */
function schedule(): void {
  if (frame) return;
  const at = Date.now();
  recent = recent.filter((each) => at - each < 1000);
  const wait = recent.length > FEW ? Math.max(0, CALM - (at - foldAt)) : 0;
  frame = window.setTimeout(apply, wait);
}

function apply(): void {
  frame = 0;
  foldAt = Date.now();
  recent.push(foldAt);
  const facts = waiting;
  waiting = [];
  board.value = fold(board.value, facts);
  readStale();
}

function readStale(): void {
  const stale = [...board.value.stale.keys()].filter((id) => !reading.has(id));
  if (stale.length > MANY) return void readList();
  for (const id of stale.slice(0, Math.max(0, READS_AT_ONCE - reading.size))) void readOne(id);
}

/** One incident, whole: with every second of it. */
export async function readOne(id: string): Promise<void> {
  if (reading.has(id)) return;
  reading.add(id);
  const after = board.value.seq;
  try {
    const found = await get("/api/v1/incidents/{incident_id}", { path: { incident_id: id } });
    board.value = refreshed(board.value, found, after);
  } catch {
    // It stays stale, and is read with the list when the line is back.
    setTimeout(schedule, 1000);
  } finally {
    reading.delete(id);
    if (board.value.stale.size) setTimeout(readStale, board.value.stale.has(id) ? CALM : 0);
  }
}

/** Everything that is open, and the newest of what is over. */
export async function readList(): Promise<void> {
  if (listReading) return void (listAgain = true);
  listReading = true;
  const after = board.value.seq;
  try {
    const [items, done] = await Promise.all([allOpen(), get("/api/v1/incidents", { query: { state: ["resolved", "closed"], timeline: 0, limit: 20 } })]);
    board.value = snapshot(board.value, [...items, ...done.items], after);
    drawn.value = true;
    pictureAt.value = now();
  } catch {
    setTimeout(() => session.value && void readList(), 2000);
  } finally {
    listReading = false;
    if (listAgain) {
      listAgain = false;
      setTimeout(() => void readList(), 1000);
    }
  }
}

async function allOpen(): Promise<Incident[]> {
  const found: Incident[] = [];
  let cursor: string | null | undefined;
  do {
    const page = await get("/api/v1/incidents", { query: { state: LIVE, timeline: 0, limit: PAGE, cursor: cursor ?? undefined } });
    found.push(...page.items);
    cursor = page.next;
  } while (cursor);
  return found.filter(isLive);
}

let fleetSoon = 0;
function soonFleet(): void {
  clearTimeout(fleetSoon);
  fleetSoon = window.setTimeout(() => void readFleet().catch(() => undefined), 500);
}

async function readFleet(): Promise<void> {
  if (!may("read")) return;
  fleet.value = await get("/api/v1/reports/fleet");
}

async function readReady(): Promise<void> {
  ready.value = await get("/health/ready");
}
