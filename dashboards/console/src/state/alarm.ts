// What should sound, as a value. 消音 mutes this sound only: a new alarm sounds again, and one to life that nobody has
// taken sounds again after a minute. Pure.
import type { Incident, IncidentClass } from "../api/types";
import { isLifeSafety, isUnheard } from "./board";

export const RESOUND = 60_000;

/** Until when each alarm is quiet, by `muteKey`. */
export type Muted = ReadonlyMap<string, number>;

/** An incident that an alert joined has another key: it is a new sound. */
export const muteKey = (one: Incident): string => `${one.id}/${one.alerts.length}`;

export function mute(incidents: readonly Incident[], now: number): Muted {
  return new Map(incidents.filter(isUnheard).map((one) => [muteKey(one), isLifeSafety(one) ? now + RESOUND : Infinity]));
}

/** The class to sound, most urgent first in `incidents`; null for silence. */
export function sounding(incidents: readonly Incident[], muted: Muted, now: number): IncidentClass | null {
  const found = incidents.find((one) => isUnheard(one) && !one.drill && (muted.get(muteKey(one)) ?? 0) <= now);
  return found ? found.class : null;
}

/** Something is unheard, and all of it is muted. */
export const isMuted = (incidents: readonly Incident[], muted: Muted, now: number): boolean =>
  incidents.some((one) => isUnheard(one) && !one.drill) && sounding(incidents, muted, now) === null;
