// What should sound, as a value. 消音 mutes this sound only: a new alarm sounds again, and one to life that nobody has
// taken sounds again after a minute. Duty checks and drills have a sound of their own, which never covers a real one: a
// guard at the desk who hears no 查岗 has missed it. Pure.
import type { Incident, IncidentClass } from "../api/types";
import { isLifeSafety, isUnheard } from "./board";

export const RESOUND = 60_000;

/** Until when each alarm is quiet, by `muteKey`. */
export type Muted = ReadonlyMap<string, number>;

/** An incident that an alert joined has another key: it is a new sound. */
export const muteKey = (one: Incident): string => `${one.id}/${one.alerts.length}`;

export function mute(incidents: readonly Incident[], now: number): Muted {
  return new Map(incidents.filter(isUnheard).map((one) => [muteKey(one), isRealDanger(one) ? now + RESOUND : Infinity]));
}

export type Sound = IncidentClass | "drill";

/** What to sound, most urgent first in `incidents`; null for silence. An exercise is silent while a danger to life is
 * untaken, even a muted one: its minute of quiet is for thinking. */
export function sounding(incidents: readonly Incident[], muted: Muted, now: number): Sound | null {
  const loud = incidents.filter((one) => isUnheard(one) && (muted.get(muteKey(one)) ?? 0) <= now);
  const real = loud.find((one) => !one.drill);
  if (real) return real.class;
  return loud.length && !incidents.some((one) => isUnheard(one) && isRealDanger(one)) ? "drill" : null;
}

/** Something is unheard, and all of it is muted. */
export const isMuted = (incidents: readonly Incident[], muted: Muted, now: number): boolean =>
  incidents.some(isUnheard) && sounding(incidents, muted, now) === null;

const isRealDanger = (one: Incident): boolean => isLifeSafety(one) && !one.drill;
