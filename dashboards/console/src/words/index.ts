// Words by dotted path in the language that was chosen. Chinese first.
import { ref } from "vue";
import { duty } from "./duty";
import { en } from "./en";
import { handover } from "./handover";
import { casework } from "./casework";
import { handling } from "./handling";
import { health } from "./health";
import { install } from "./install";
import { manage } from "./manage";
import { places } from "./places";
import { patrols } from "./patrols";
import { photos } from "./photos";
import { contacts } from "./contacts";
import { plans } from "./plans";
import { pulse } from "./pulse";
import { reveal } from "./reveal";
import { response } from "./response";
import { rosters } from "./rosters";
import { trials } from "./trials";
import { staff } from "./staff";
import { zh } from "./zh";

export type Language = "zh" | "en";

const KEY = "shouwang.language";
const WORDS: Record<Language, unknown> = {
  zh: { ...zh, fit: install.zh, duty: duty.zh, manage: manage.zh, staff: staff.zh, patrols: patrols.zh, plans: plans.zh, contacts: contacts.zh, trials: trials.zh, health: health.zh, pulse: pulse.zh, photos: photos.zh, roster: rosters.zh, places: places.zh, casework: casework.zh, handover: handover.zh, reveal: reveal.zh, handling: handling.zh, response: response.zh },
  en: { ...en, fit: install.en, duty: duty.en, manage: manage.en, staff: staff.en, patrols: patrols.en, plans: plans.en, contacts: contacts.en, trials: trials.en, health: health.en, pulse: pulse.en, photos: photos.en, roster: rosters.en, places: places.en, casework: casework.en, handover: handover.en, reveal: reveal.en, handling: handling.en, response: response.en },
};

export const language = ref<Language>(localStorage.getItem(KEY) === "en" ? "en" : "zh");

export function setLanguage(next: Language): void {
  language.value = next;
  localStorage.setItem(KEY, next);
  document.documentElement.lang = next === "zh" ? "zh-CN" : "en";
}

/** A word by dotted path, or `part` of a group of words; what the console does not know is said as it is. */
export function w(path: string, part?: string | null): string {
  let found: unknown = WORDS[language.value];
  for (const key of path.split(".")) found = (found as Record<string, unknown> | undefined)?.[key];
  if (part === undefined) return typeof found === "string" ? found : path;
  const word = (found as Record<string, unknown> | undefined)?.[part ?? ""];
  return typeof word === "string" ? word : (part ?? "");
}

/** Words in an order that matters: three steps, for instance. */
export function lines(path: string): string[] {
  let found: unknown = WORDS[language.value];
  for (const key of path.split(".")) found = (found as Record<string, unknown> | undefined)?.[key];
  return Array.isArray(found) ? (found as string[]) : [];
}

/** A text that comes in both languages. */
export const both = (text?: Record<string, string> | null): string => text?.[language.value] ?? text?.zh ?? text?.en ?? "";
