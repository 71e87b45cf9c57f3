// The loudspeaker. Patterns after ISO 8201 (temporal three for fire, four for CO and gas). Silent until a press allows it.
import { ref } from "vue";
import type { Sound } from "./alarm";

interface Pattern {
  tones: [frequency: number, seconds: number][];
  shape: OscillatorType;
  /** Of full scale. */
  volume?: number;
}

const FIRE: Pattern = { tones: [[520, 0.5], [0, 0.5], [520, 0.5], [0, 0.5], [520, 0.5], [0, 1.5]], shape: "square" };
const GAS: Pattern = { tones: [[780, 0.12], [0, 0.12], [780, 0.12], [0, 0.12], [780, 0.12], [0, 0.12], [780, 0.12], [0, 1.2]], shape: "square" };
const EMERGENCY: Pattern = { tones: [[660, 0.35], [880, 0.35], [660, 0.35], [880, 0.35], [0, 0.9]], shape: "triangle" };
const OTHER: Pattern = { tones: [[440, 0.25], [0, 2.5]], shape: "sine" };
// A door bell, at half the loudness: nobody takes it for an alarm, and a guard at the desk hears it.
const DRILL: Pattern = { tones: [[587, 0.3], [440, 0.5], [0, 2.7]], shape: "sine", volume: 0.11 };
const PATTERNS: Partial<Record<Sound, Pattern>> = { fire: FIRE, gas: GAS, co: GAS, emergency: EMERGENCY, drill: DRILL };
const VOLUME = 0.22;

export const soundReady = ref(false);
/** What sounds now, for a screen (and a test) that wants to show it. */
export const playing = ref<Sound | null>(null);

let context: AudioContext | null = null;
let timer = 0;

/** Must be called from a press or key: browsers let nothing sound before. */
export async function enableSound(): Promise<void> {
  context ??= new AudioContext();
  context.onstatechange = () => (soundReady.value = context?.state === "running");
  await Promise.race([context.resume(), new Promise((go) => setTimeout(go, 300))]);
  soundReady.value = context.state === "running";
}

export function testTone(): void {
  if (context && soundReady.value) beep(context, { tones: [[660, 0.18], [880, 0.22]], shape: "triangle" });
}

/** Sounds for a class, or for an exercise, until told otherwise; null is silence. */
export function sound(wanted: Sound | null): void {
  const next = soundReady.value ? wanted : null;
  if (next === playing.value) return;
  clearTimeout(timer);
  playing.value = next;
  if (next) document.documentElement.dataset.sounding = next;
  else delete document.documentElement.dataset.sounding;
  if (next) repeat(PATTERNS[next] ?? OTHER);
}

function repeat(pattern: Pattern): void {
  if (!context) return;
  timer = window.setTimeout(() => repeat(pattern), beep(context, pattern) * 1000);
}

function beep(out: AudioContext, pattern: Pattern): number {
  let at = out.currentTime + 0.02;
  const begun = at;
  for (const [frequency, seconds] of pattern.tones) {
    if (frequency) {
      const source = out.createOscillator();
      const gain = out.createGain();
      source.type = pattern.shape;
      source.frequency.value = frequency;
      gain.gain.setValueAtTime(0, at);
      gain.gain.linearRampToValueAtTime(pattern.volume ?? VOLUME, at + 0.015);
      gain.gain.setValueAtTime(pattern.volume ?? VOLUME, at + seconds - 0.03);
      gain.gain.linearRampToValueAtTime(0, at + seconds);
      source.connect(gain).connect(out.destination);
      source.start(at);
      source.stop(at + seconds);
    }
    at += seconds;
  }
  return at - begun;
}
