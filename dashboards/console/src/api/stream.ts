// The event stream, read by hand: EventSource can send no token and hides the heartbeat by which a dead line is known.
import { headers } from "./client";
import type { Fact } from "./types";

export const SILENCE = 25_000; // two and a half heartbeats: the line is dead even if nobody said so
const FIRST_WAIT = 500;
const LONGEST_WAIT = 5_000;

export interface Listener {
  /** Connected; what happened since the number it resumes from comes next. */
  onOpen: () => void;
  onFact: (fact: Fact) => void;
  /** Bytes came: the line is alive. */
  onBeat: () => void;
  onLost: (status: number) => void;
}

/** Splits text of a stream into events; what is incomplete stays in `rest`. */
export function parse(rest: string, more: string): { events: { id: string; data: string }[]; rest: string } {
  const blocks = (rest + more).split("\n\n");
  const last = blocks.pop() ?? "";
  const events = blocks.map((block) => {
    const found = { id: "", data: "" };
    for (const line of block.split("\n")) {
      const at = line.indexOf(":");
      const name = line.slice(0, at);
      if (at > 0 && (name === "id" || name === "data")) found[name] = line.slice(at + 1).trimStart();
    }
    return found;
  });
  return { events, rest: last };
}

/** Follows the journal until the function it gives is called; resumes where it was without a gap. */
export function follow(listener: Listener): () => void {
  let last = "";
  let ended = false;
  let control = new AbortController();

  async function once(): Promise<void> {
    control = new AbortController();
    const asked: Record<string, string> = { ...headers(), Accept: "text/event-stream" };
    if (last) asked["Last-Event-ID"] = last;
    let watch = setTimeout(() => control.abort(), SILENCE);
    try {
      const answer = await fetch("/api/v1/events", { headers: asked, signal: control.signal });
      if (!answer.ok || !answer.body) return listener.onLost(answer.status);
      listener.onOpen();
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = "";
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        clearTimeout(watch);
        watch = setTimeout(() => control.abort(), SILENCE);
        listener.onBeat();
        const parsed = parse(rest, value);
        rest = parsed.rest;
        for (const event of parsed.events) {
          if (event.id) last = event.id;
          if (event.data) listener.onFact(JSON.parse(event.data) as Fact);
        }
      }
    } finally {
      clearTimeout(watch);
    }
  }

  async function run(): Promise<void> {
    let wait = FIRST_WAIT;
    while (!ended) {
      const begun = Date.now();
      await once().catch(() => undefined);
      if (ended) return;
      listener.onLost(0);
      wait = Date.now() - begun > 10_000 ? FIRST_WAIT : Math.min(wait * 1.6, LONGEST_WAIT);
      await new Promise((go) => setTimeout(go, wait));
    }
  }

  void run();
  return () => {
    ended = true;
    control.abort();
  };
}
