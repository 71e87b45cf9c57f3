// 消音 on this screen: what was muted, until when.
import { shallowRef } from "vue";
import { type Muted, mute } from "./alarm";
import { now } from "./clock";
import { open } from "./live";

export const muted = shallowRef<Muted>(new Map());

export function muteNow(): void {
  muted.value = mute(open.value, now());
}
