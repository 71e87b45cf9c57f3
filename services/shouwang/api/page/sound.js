// The sound of an alarm, until somebody takes it. Patterns after ISO 8201 (temporal three for fire, four for CO).
const PATTERNS = {
  fire: { tones: [[520, 0.5], [0, 0.5], [520, 0.5], [0, 0.5], [520, 0.5], [0, 1.5]], shape: "square" },
  gas: { tones: [[780, 0.12], [0, 0.12], [780, 0.12], [0, 0.12], [780, 0.12], [0, 0.12], [780, 0.12], [0, 1.2]], shape: "square" },
  emergency: { tones: [[660, 0.35], [880, 0.35], [660, 0.35], [880, 0.35], [0, 0.9]], shape: "triangle" },
  other: { tones: [[440, 0.25], [0, 2.5]], shape: "sine" },
};
PATTERNS.co = PATTERNS.gas;

const RESOUND = 60_000; // an alarm to life that nobody took sounds again

let context = null;
let playing = "";
let timer = 0;
let muted = { until: 0, ids: new Set() };

export const soundReady = () => context?.state === "running";
export const isMuted = () => Date.now() < muted.until;

/** Must be called from a press or key: browsers let nothing sound before. */
export async function enableSound() {
  context ??= new AudioContext();
  await context.resume();
  return soundReady();
}

export function testTone() {
  if (soundReady()) beep([[660, 0.18], [880, 0.22]], "triangle", 0.18);
}

/** 消音: this sound, now. A new alarm sounds again; one that nobody takes does after a minute. */
export function mute(ids) {
  muted = { until: Date.now() + RESOUND, ids: new Set(ids) };
  stop();
}

/** Sounds for the most urgent of the incidents that nobody has taken; `[]` is silence. */
export function soundFor(incidents) {
  const sounding = incidents.filter((one) => !isMuted() || !muted.ids.has(`${one.id}/${one.alerts.length}`));
  const kind = sounding.length ? (PATTERNS[sounding[0].class] ? sounding[0].class : "other") : "";
  if (kind === playing && (timer || !kind)) return;
  stop();
  playing = kind;
  if (kind && soundReady()) repeat(PATTERNS[kind]);
  else playing = "";
}

export const muteKey = (incident) => `${incident.id}/${incident.alerts.length}`;

function repeat(pattern) {
  const length = beep(pattern.tones, pattern.shape, 0.22);
  timer = setTimeout(() => repeat(pattern), length * 1000);
}

function stop() {
  clearTimeout(timer);
  timer = 0;
  playing = "";
}

function beep(tones, shape, volume) {
  let at = context.currentTime + 0.02;
  const begun = at;
  for (const [frequency, seconds] of tones) {
    if (frequency) {
      const source = context.createOscillator();
      const gain = context.createGain();
      source.type = shape;
      source.frequency.value = frequency;
      gain.gain.setValueAtTime(0, at);
      gain.gain.linearRampToValueAtTime(volume, at + 0.015);
      gain.gain.setValueAtTime(volume, at + seconds - 0.03);
      gain.gain.linearRampToValueAtTime(0, at + seconds);
      source.connect(gain).connect(context.destination);
      source.start(at);
      source.stop(at + seconds);
    }
    at += seconds;
  }
  return at - begun;
}
