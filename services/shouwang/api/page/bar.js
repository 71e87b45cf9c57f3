// The frame: whose room this is, whether the chain is proven, which channels live, and what nobody may overlook.
import { h } from "./parts.js";
import { isMuted, soundReady } from "./sound.js";
import { clock, length, now } from "./time.js";
import { both, lang, w } from "./words.js";

const STALE_PROOF = 60_000;

export function header(state, on) {
  const { session } = state;
  return h("header.bar", null,
    h("span.brand", null, h("img", { src: "/page/icon.svg", alt: "" }), w("brand")),
    h("span", null, `${session.site ? `${session.site} · ` : ""}${w("room")}`),
    h("span.badge", { id: "proof" }), channels(state.ready),
    h(".tools.grow", null,
      h("button", { onclick: on.sound, id: "sound", "aria-label": w("testTone") }),
      h("button", { onclick: on.language }, lang() === "zh" ? "EN" : "中文"),
      h("button", { onclick: on.theme }, document.documentElement.dataset.theme === "light" ? w("dark") : w("light")),
      h("span.muted.name", null, session.person_name ?? session.name),
      h("button", { onclick: on.signOut }, w("signOut"))),
    h("span.clock", { id: "clock" }));
}

function channels(ready) {
  const known = Object.entries(ready?.channels ?? {});
  return known.length ? h("span.alive", null, known.map(([name, up]) => h("span", null, `${w("channels", name)} `, h("b", { class: up ? "good" : "bad" }, w(up ? "up" : "down"))))) : null;
}

export function strips(state, on) {
  const { session } = state;
  return [
    h(".strip.lost", { id: "lost", role: "alert", hidden: true }),
    h(".strip.gate", { id: "gate", hidden: true }, h("span", null, w("soundGate")), h("button", { onclick: on.enable }, w("enableSound"))),
    session.demo ? h(".strip.demo.striped", null, h("span", null, w("demo")), session.scenes.map((scene) => h("button", { onclick: () => on.press(scene.id), "data-scene": scene.id }, both(scene.title)))) : null,
  ];
}

export function footer(state) {
  const { fleet, gaps } = state;
  const item = (word, value, bad) => h("span", null, `${word} `, h("b", { class: bad ? "bad" : "" }, value));
  return h("footer", null,
    fleet ? item(w("devices"), `${(fleet.total - fleet.states.silent - fleet.states.unheard - fleet.states.off).toLocaleString()} / ${fleet.total.toLocaleString()}`) : null,
    fleet ? item(w("fleet.silent"), fleet.states.silent, fleet.states.silent > 0) : null,
    fleet ? item(w("quarantine"), fleet.quarantined) : null,
    fleet ? item(w("discovered"), fleet.discovered) : null,
    item(w("gaps"), gaps.length, gaps.length > 0), h("span.grow", { id: "picture" }));
}

/** What moves every second: clock, proof, picture's age, sound. */
export function tickBar(state) {
  const set = (id, text, kind) => {
    const element = document.getElementById(id);
    if (!element) return;
    if (element.textContent !== text) element.textContent = text;
    if (kind !== undefined && element.className !== kind) element.className = kind;
  };
  set("clock", clock());
  const proven = state.ready?.proven_at ? now() - Date.parse(state.ready.proven_at) : null;
  const took = state.ready?.took ? ` · ${state.ready.took.toFixed(state.ready.took < 0.1 ? 3 : 1)} ${w("unit.s")}` : "";
  if (state.ready && state.ready.status !== "ready") set("proof", `${w("notReady")}：${state.ready.reasons.join("；")}`, "badge bad");
  else if (proven === null) set("proof", w("notProven"), "badge warn");
  else set("proof", `${w("proven")} ${length(proven)} ${w("provenAgo")}${took}`, proven > STALE_PROOF ? "badge bad" : "badge good");
  set("sound", soundReady() ? (isMuted() ? w("muted") : w("soundOn")) : w("soundOff"), soundReady() ? (isMuted() ? "warn" : "good") : "bad");
  const gate = document.getElementById("gate");
  if (gate) gate.hidden = soundReady();
  const lost = document.getElementById("lost");
  if (lost) lost.hidden = state.alive;
  if (!state.alive) set("lost", `${w("lost")} · ${w("picture")} ${clock(state.pictureAt)}（${length(now() - state.pictureAt)} ${w("ago")}）`);
  set("picture", state.alive ? `${w("picture2")} ${w("live")} · ${clock(state.pictureAt)}` : `${w("picture")} ${clock(state.pictureAt)}`, state.alive ? "grow" : "grow bad");
}
