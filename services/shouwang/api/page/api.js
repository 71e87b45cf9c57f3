// Talking to the service: requests with the token in a header, and the event stream read by hand for the same reason
// (EventSource cannot send one, and a token in an address ends up in logs).
const BASE = "/api/v1";
const KEY = "shouwang.token";
const SILENCE = 25_000; // two and a half heartbeats: the line is dead even if nobody said so

let token = localStorage.getItem(KEY) ?? "";

export const signedIn = () => token !== "";

export function setToken(next) {
  token = next;
  if (next) localStorage.setItem(KEY, next);
  else localStorage.removeItem(KEY);
}

export class Refused extends Error {
  constructor(problem) {
    super(problem.detail ?? problem.title ?? "");
    this.status = problem.status;
  }
}

/** GET or, with a body, POST. Throws Refused with the problem's words, or TypeError where nothing answers. */
export async function ask(path, body, key) {
  const headers = { Authorization: `Bearer ${token}` };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (key) headers["Idempotency-Key"] = key;
  const answer = await fetch(path.startsWith("/") ? path : `${BASE}/${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  });
  const text = await answer.text();
  const document = text ? JSON.parse(text) : null;
  if (!answer.ok && answer.status !== 503) throw new Refused(document ?? { status: answer.status });
  if (answer.status === 503 && !document?.reasons) throw new Refused(document ?? { status: 503 });
  return document;
}

/** The token of a demonstration, or null where this is none. */
export async function demoToken() {
  try {
    const answer = await fetch(`${BASE}/session/demo`, { signal: AbortSignal.timeout(5000) });
    return answer.ok ? (await answer.json()).token : null;
  } catch {
    return null;
  }
}

/** Follows the journal for ever. `onOpen`: connected, read the picture anew; `onEvent(kind, entry)`; `onBeat`: the line
 * is alive; `onLost`: it is not. Gives a function that ends it. */
export function follow({ onOpen, onEvent, onBeat, onLost }) {
  let last = "";
  let ended = false;
  let control = null;

  async function once() {
    control = new AbortController();
    const headers = { Authorization: `Bearer ${token}`, Accept: "text/event-stream" };
    if (last) headers["Last-Event-ID"] = last;
    const answer = await fetch(`${BASE}/events`, { headers, signal: control.signal });
    if (!answer.ok) throw new Refused({ status: answer.status });
    onOpen();
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const watch = setTimeout(() => control.abort(), SILENCE);
      const { done, value } = await reader.read();
      clearTimeout(watch);
      if (done) return;
      onBeat();
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop();
      blocks.forEach(take);
    }
  }

  function take(block) {
    const fields = {};
    for (const line of block.split("\n")) {
      const at = line.indexOf(":");
      if (at > 0) fields[line.slice(0, at)] = line.slice(at + 1).trimStart();
    }
    if (fields.id) last = fields.id;
    if (fields.data) onEvent(fields.event, JSON.parse(fields.data));
  }

  async function run() {
    for (let wait = 500; !ended; wait = Math.min(wait * 2, 5000)) {
      const begun = Date.now();
      try {
        await once();
      } catch (error) {
        if (error.status === 401) onLost(error);
      }
      if (ended) return;
      onLost();
      if (Date.now() - begun > 10_000) wait = 500;
      await new Promise((go) => setTimeout(go, wait));
    }
  }

  run();
  return () => {
    ended = true;
    control?.abort();
  };
}
