// The live page: one picture, drawn again whenever the journal says that something happened.
import { Refused, ask, demoToken, follow, setToken, signedIn } from "./api.js";
import { footer, header, strips, tickBar } from "./bar.js";
import { calm, figures, gaps, kinds, lately, quiet, recent, strays } from "./calm.js";
import { KEYS, byUrgency, hero, isOffered, row, tickCard, wantsTaking } from "./cards.js";
import { askFor } from "./dialogs.js";
import { h, say } from "./parts.js";
import { buildingOf, stack, timeline } from "./side.js";
import { enableSound, mute, muteKey, soundFor, testTone } from "./sound.js";
import { length, now, setClock, since } from "./time.js";
import { lang, setLang, w } from "./words.js";

const app = document.getElementById("app");
const state = { session: null, ready: null, fleet: null, gaps: [], lately: [], open: [], ended: [], alerts: [], history: [], devices: new Map(), places: new Map(), chosen: null, chosenAt: 0, alive: true, pictureAt: Date.now() };
const STAYS = 30_000; // whoever works on a case keeps it in front, so that the next key means the same case
const MONTH = 30 * 86_400_000;
const LIVE = "open,acknowledged,en_route,on_scene";
let unfollow = null;
let redraw = 0;
let reading = false;
let readAgain = false;

document.documentElement.dataset.theme = localStorage.getItem("shouwang.theme") ?? (matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark");
setLang(lang());
start();

async function start() {
  if (!signedIn()) return drawSignIn();
  try {
    state.session = await ask("session");
  } catch (error) {
    if (error.status === 401) setToken("");
    return drawSignIn(error instanceof Refused ? w("wrongToken") : w("unreachable"));
  }
  setClock(state.session.timezone, state.session.now);
  enableSound().catch(() => {}); // allowed at once where the person pressed to sign in; else the gate stays
  unfollow?.();
  unfollow = follow({ onOpen: () => { state.alive = true; look(); }, onEvent: heard, onBeat: () => { state.alive = true; state.pictureAt = now(); }, onLost });
  await Promise.allSettled([readCases(), readFleet(), readReady()]);
  draw();
}

function onLost(error) {
  if (error?.status === 401) return signOut();
  state.alive = false;
  tick();
}

/** Something happened: read what may have changed, soon and once for many. */
function heard(kind) {
  look();
  if (kind?.startsWith("device.")) readFleet().then(draw);
}

function look() {
  clearTimeout(redraw);
  redraw = setTimeout(async () => {
    if (reading) return void (readAgain = true);
    reading = true;
    await readCases().then(draw, () => {});
    reading = false;
    if (readAgain) { readAgain = false; look(); }
  }, 80);
}

async function readCases() {
  const [open, ended] = await Promise.all([ask(`incidents?state=${LIVE}&timeline=0&limit=200`), ask("incidents?state=resolved,closed&timeline=0&limit=10")]);
  state.open = open.items.sort(byUrgency);
  state.ended = ended.items;
  state.pictureAt = now();
  const waits = state.open.some((one) => wantsTaking(one) && one.id !== state.chosen);
  const isLeft = waits && Date.now() - state.chosenAt > STAYS;
  if (isLeft || !state.open.some((one) => one.id === state.chosen)) state.chosen = null;
  const one = chosen();
  if (one) await readAround(one);
}

async function readAround(one) {
  const past = `incidents?state=resolved,closed&timeline=0&place=${encodeURIComponent(one.place)}&limit=50`;
  const whole = ask(`incidents/${encodeURIComponent(one.id)}`).then((found) => state.open.splice(state.open.indexOf(one), 1, found));
  const [, alerts, before] = await Promise.all([whole, ask(`alerts?incident=${encodeURIComponent(one.id)}&limit=100`), ask(past), readBuilding(one), ...one.devices.slice(0, 12).map(readDevice)]);
  state.alerts = alerts.items.reverse();
  state.history = before.items.filter((each) => each.outcome === "false_alarm" && now() - Date.parse(each.opened_at) < MONTH);
}

async function readDevice(id) {
  try {
    state.devices.set(id, await ask(`devices/${id.split("/").map(encodeURIComponent).join("/")}`));
  } catch (error) {
    if (!(error instanceof Refused)) throw error; // one that nobody registered: the card shows its address
  }
}

async function readBuilding(one) {
  if (buildingOf(one.place, state.places)) return;
  const above = one.place.split("/");
  for (let end = 1; end <= above.length; end++) {
    const found = await ask(`places/${above.slice(0, end).map(encodeURIComponent).join("/")}`).catch(() => null);
    if (!found) continue;
    state.places.set(found.id, found);
    if (found.kind !== "building") continue;
    const inside = await ask(`places?place=${encodeURIComponent(found.id)}&limit=500`);
    for (const each of inside.items) state.places.set(each.id, each);
    return;
  }
}

async function readFleet() {
  const journal = state.session.acts.includes("read_journal") && !state.session.place;
  const [fleet, gaps, lately] = await Promise.all([ask("reports/fleet"), ask("coverage?limit=100"), journal ? ask("audit?limit=40") : { items: [] }]);
  Object.assign(state, { fleet, gaps: gaps.items, lately: lately.items });
}

async function readReady() {
  state.ready = await ask("/health/ready");
}

const chosen = () => state.open.find((one) => one.id === state.chosen) ?? state.open[0];
const mayAct = () => state.session.acts.includes("respond");

function draw() {
  if (!state.session) return;
  const one = chosen();
  const focus = document.activeElement?.dataset?.act;
  const scrolled = document.querySelector(".timeline")?.scrollTop ?? 0;
  app.replaceChildren(...strips(state, on), header(state, on), one ? busy(one) : still(), footer(state));
  document.title = state.open.length ? `(${state.open.length}) ${w("brand")}` : w("brand");
  const list = document.querySelector(".timeline");
  if (list) list.scrollTop = scrolled;
  if (focus) document.querySelector(`[data-act="${focus}"]`)?.focus();
  soundFor(state.open.filter((each) => wantsTaking(each) && !each.drill));
  tick();
}

function busy(one) {
  const others = state.open.filter((each) => each !== one);
  return h("main", null,
    h("div", null, hero(one, { alerts: state.alerts, devices: state.devices, history: state.history, places: state.places, mayAct: mayAct(), onAct: act }),
      others.length ? h("section.card.queue", null, others.map((each) => row(each, false, choose))) : null),
    h("div", null, stack(one, state.places, state.devices), timeline(one, state.places)));
}

function still() {
  return h("main", null, h("div", null, calm(), figures(state.fleet), kinds(state.fleet), quiet(state.fleet)),
    h("div", null, strays(state.fleet, state.gaps.length), gaps(state.gaps), recent(state.ended), lately(state.lately)));
}

function keep(id) {
  Object.assign(state, { chosen: id, chosenAt: Date.now() });
}

function choose(id) {
  keep(id);
  draw();
  look();
}

async function act(name, one) {
  if (name === "mute") return mute(state.open.map(muteKey));
  keep(one.id);
  const body = await askFor(name, one);
  if (body === null) return;
  try {
    await ask(`incidents/${encodeURIComponent(one.id)}/${name}`, body, crypto.randomUUID?.());
    say(w("done", name));
  } catch (error) {
    say(error instanceof Refused ? error.message : w("unreachable"), true);
  }
  look();
}

const on = {
  sound: () => enableSound().then(() => { testTone(); tick(); }),
  enable: () => enableSound().then(() => { testTone(); draw(); }),
  language: () => { setLang(lang() === "zh" ? "en" : "zh"); draw(); },
  theme: () => {
    const next = document.documentElement.dataset.theme === "light" ? "dark" : "light";
    document.documentElement.dataset.theme = next;
    localStorage.setItem("shouwang.theme", next);
    draw();
  },
  signOut,
  press: async (scene) => {
    try {
      await ask("demo/press", { scene });
      say(w("pressed"));
    } catch (error) {
      say(error.message || w("unreachable"), true);
    }
  },
};

function signOut() {
  unfollow?.();
  setToken("");
  state.session = null;
  soundFor([]);
  drawSignIn();
}

async function drawSignIn(problem = "") {
  const offered = await demoToken();
  const field = h("input", { type: "password", id: "token", autocomplete: "current-password", required: true, "aria-describedby": "hint" });
  const enter = (event) => { event.preventDefault(); enableSound().catch(() => {}); setToken(field.value.trim()); start(); };
  const visit = () => { enableSound().catch(() => {}); setToken(offered); start(); };
  app.replaceChildren(h(".signin", null, h("form.card", { onsubmit: enter },
    h("h1", null, h("img", { src: "/page/icon.svg", alt: "" }), w("brand")),
    problem ? h("p.bad", { role: "alert" }, problem) : null,
    offered ? h("button.visit.striped", { type: "button", onclick: visit, id: "demo" }, w("demoSignIn")) : null,
    h("label", { for: "token" }, w("token")), field, h("p.faint", { id: "hint" }, w("tokenHint")),
    h("button.go", { type: "submit" }, w("signIn")),
    h("button", { type: "button", onclick: () => { on.language(); drawSignIn(problem); } }, lang() === "zh" ? "English" : "中文"))));
  (offered ? document.getElementById("demo") : field).focus();
}

function tick() {
  if (!state.session) return;
  tickBar(state);
  for (const each of app.querySelectorAll("[data-since]")) each.textContent = `${w("since")} ${since(each.dataset.since)}`;
  for (const each of app.querySelectorAll("[data-long]")) each.textContent = `${length(now() - Date.parse(each.dataset.long))} ${w("ago")}`;
  tickCard(app);
}

addEventListener("keydown", (event) => {
  if (!state.session || event.ctrlKey || event.metaKey || event.altKey || document.getElementById("ask").open) return;
  if (/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
  const one = chosen();
  const key = event.key.toUpperCase();
  const name = Object.keys(KEYS).find((each) => KEYS[each] === key);
  if (one && name && mayAct() && (name === "mute" || isOffered(one, name))) { event.preventDefault(); act(name, one); }
  if (one && ["ARROWDOWN", "ARROWUP", "J", "K"].includes(key)) {
    event.preventDefault();
    const step = key === "ARROWDOWN" || key === "J" ? 1 : -1;
    choose(state.open[(state.open.indexOf(one) + step + state.open.length) % state.open.length].id);
  }
});

setInterval(tick, 500);
setInterval(() => state.session && readReady().catch(() => {}), 5000);
setInterval(() => state.session && readFleet().then(() => { if (!state.open.length) draw(); }, () => {}), 15000);
setInterval(() => state.session && soundFor(state.open.filter((each) => wantsTaking(each) && !each.drill)), 1000);
