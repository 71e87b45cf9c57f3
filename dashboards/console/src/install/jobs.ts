// What was done today with this phone, and the device in hand: kept, so that a reload or an empty battery loses nothing.
import { computed, ref, watch } from "vue";

export interface Job {
  device: string;
  place: string;
  address: string;
  name: string;
  profile: string;
  at: number;
  signed: boolean;
}

const JOBS = "shouwang.install.jobs";
const HAND = "shouwang.install.hand";
const DAY = 86_400_000;
const MOST = 500;

export const jobs = ref<Job[]>(read<Job[]>(JOBS, []).filter((each) => each.at > Date.now() - DAY));
/** The id of the device in hand; empty where one is still to be found. */
export const hand = ref(read<string>(HAND, ""));
export const inHand = computed(() => jobs.value.find((each) => each.device === hand.value));
export const signedToday = computed(() => jobs.value.filter((each) => each.signed && isToday(each.at)).length);

watch(jobs, (now) => localStorage.setItem(JOBS, JSON.stringify(now.slice(-MOST))), { deep: true });
watch(hand, (now) => localStorage.setItem(HAND, JSON.stringify(now)));

/** The id that the service makes of an address; made here too, so that acts without a signal name their device. */
export const deviceIdOf = (address: string): string => address.replace(/[^A-Za-z0-9._-]/g, "-").replace(/^[^A-Za-z0-9]+/, "").slice(0, 120);

export function begin(job: Job): void {
  jobs.value = [...jobs.value.filter((each) => each.device !== job.device), job];
  hand.value = job.device;
}

export function finish(device: string): void {
  jobs.value = jobs.value.map((each) => (each.device === device ? { ...each, signed: true, at: Date.now() } : each));
}

const isToday = (at: number): boolean => new Date(at).toDateString() === new Date().toDateString();

function read<T>(key: string, otherwise: T): T {
  try {
    return (JSON.parse(localStorage.getItem(key) ?? "null") as T | null) ?? otherwise;
  } catch {
    return otherwise;
  }
}
