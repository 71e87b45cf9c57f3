// The card of an incident: where it burns, how far help has come, who was told and with what result, what comes next.
import { h, mark } from "./parts.js";
import { countdown, length, now, second } from "./time.js";
import { both, w } from "./words.js";

const UNHEARD_AFTER = 20_000; // a message that nobody answered by then is worth red
const LATE_AFTER = 5_000; // between being due and leaving this house

export const isLive = (one) => !["resolved", "closed"].includes(one.state);
export const wantsTaking = (one) => isLive(one) && !one.reached.acknowledged;
const URGENCY = ["critical", "high", "medium", "low", "info"];
const CLASSES = ["fire", "gas", "co", "emergency", "water", "warning", "supervisory", "fault"];

/** What needs a person most comes first: not yet taken, worse, graver class, older. Drills after all that is real. */
export function byUrgency(a, b) {
  return (
    a.drill - b.drill || wantsTaking(b) - wantsTaking(a) || URGENCY.indexOf(a.severity) - URGENCY.indexOf(b.severity) ||
    CLASSES.indexOf(a.class) - CLASSES.indexOf(b.class) || a.opened_at.localeCompare(b.opened_at)
  );
}

/** The next act of a person, by how far the case has come. */
export function nextAct(one) {
  if (!one.reached.acknowledged) return "acknowledge";
  if (!one.reached.verified && one.finding !== "unclear") return "verify";
  if (one.finding === "false") return "resolve";
  if (one.state === "acknowledged" || one.state === "open") return "en-route";
  if (one.state === "en_route") return "arrive";
  return "resolve";
}

export const KEYS = { acknowledge: "A", verify: "V", "en-route": "G", arrive: "D", resolve: "R", escalate: "E", notes: "N", mute: "M" };

export function hero(one, { alerts, devices, history, places, mayAct, onAct }) {
  const kind = one.drill ? "drill" : one.class;
  return h(`article.hero`, { class: `${kind} ${wantsTaking(one) ? "unheard" : ""}`, "aria-label": `${w("classes", one.class)} ${place(one)}` },
    h(".band", null, mark(one.class), h("span", null, title(one)), tags(one), h("span.since", { "data-since": one.opened_at, "aria-label": w("opened") })),
    h("h1.where", null, place(one), spread(one, places)),
    h("p.sub", null, cause(one, alerts)),
    h("p.path", null, one.where.names.slice(0, -1).join(" · ")),
    stages(one),
    h(".cols", null, h("div", null, h("h3", null, w("told")), told(one)), h("div", null, h("h3", null, w("know")), know(one, alerts, devices, history))),
    next(one),
    mayAct ? acts(one, onAct) : null);
}

/** One line in the queue. */
export function row(one, chosen, onChoose) {
  return h("button.row", { class: `${one.drill ? "drill" : one.class} ${wantsTaking(one) ? "unheard" : ""}`, "aria-pressed": String(chosen), onclick: () => onChoose(one.id) },
    h("span.k", null, mark(one.class), title(one)), h("span", null, place(one)),
    h("span.holder", { class: wantsTaking(one) ? "warn" : "muted" }, wantsTaking(one) ? w("waiting") : `${w("stages", one.state)} ${one.holder ? person(one, one.holder) : ""}`),
    h("span.since", { "data-since": one.opened_at }));
}

export const place = (one) => (one.place === "unassigned" ? w("unassigned") : one.where.label);
const title = (one) => (["fire", "gas", "co", "emergency", "water"].includes(one.class) ? w("classes", one.class) : `${w("classes", one.class)} · ${both(one.title)}`);
const person = (one, id) => one.people[id] ?? id;

/** Where it went from there, in order. */
function spread(one, places) {
  const others = one.places.slice(1).map((path) => places.get(path)?.name || path.split("/").pop());
  const more = others.length > 3 ? ` +${others.length - 3}` : "";
  return others.length ? h("small", null, ` → ${others.slice(0, 3).join("、")}${more}`) : null;
}

function tags(one) {
  const named = [one.confirmed && w("double"), one.drill && w("drill"), one.test && w("test"), one.late && w("late"), isLive(one) && one.cleared_at && w("cleared")];
  return named.filter(Boolean).map((text) => h("span.tag", null, text));
}

/** What raised it, in the words of the rule, and when. */
function cause(one, alerts) {
  const first = alerts[0];
  const more = alerts.length > 1 ? ` · ${alerts.length} ${w("alerts")}` : "";
  if (!first) return both(one.title);
  return [h("b", null, both(first.sentence) || both(first.title)), ` · ${w("opened")} ${second(first.raised_at, true)}${more}`];
}

function stages(one) {
  const told = one.deliveries.map((each) => each.sent_at).filter(Boolean).sort()[0];
  const steps = [
    ["told", told, ""],
    ["acknowledged", one.reached.acknowledged && one.acknowledged_at, one.acknowledged_by],
    ["verified", (one.reached.verified || one.finding === "unclear") && one.verified_at, one.verified_by],
    ["en_route", one.en_route_at, one.en_route_by],
    ["on_scene", one.on_scene_at, one.on_scene_by],
    ["resolved", one.resolved_at, one.resolved_by],
  ];
  const reached = steps.findLastIndex(([, at]) => at);
  const current = isLive(one) ? ["", "acknowledge", "verify", "en-route", "arrive", "resolve"].indexOf(nextAct(one)) : -1;
  return h("ol.steps", null, steps.map(([name, at, by], index) =>
    h("li", { class: at ? "done" : index === current ? "now" : "", "aria-current": index === current ? "step" : null },
      w("stages", name), name === "verified" && at ? ` · ${w("findings", one.finding)}` : "",
      h("b", null, at ? `${second(at, name === "told")} ${by ? person(one, by) : ""}` : index < reached ? "—" : "…"))));
}

/** Who was told, on what, with what result, in time: the newest delivery of each person and channel. */
function told(one) {
  const newest = new Map();
  for (const each of one.deliveries) newest.set(`${each.person}/${each.channel}`, each);
  if (!newest.size) return h("p.bad", null, w("nobodyTold"));
  return h("table.told", null, h("tbody", null, [...newest.values()].map((each) =>
    h("tr", null, h("td", null, each.name), h("td.muted", null, each.post ? w("posts", each.post) : ""), h("td", null, w("channels", each.channel)), h("td", null, result(one, each))))));
}

function result(one, each) {
  const at = each.answered_at ?? each.seen_at ?? each.delivered_at ?? each.sent_at;
  const word = each.channel === "console" && each.state === "sent" ? w("shown") : w("states", each.state);
  if (each.state === "refused" || each.state === "unreachable") {
    const tries = each.attempts > 1 ? ` ${each.attempts} ${w("times")}` : "";
    return h("span.bad", { title: each.detail }, `${word}${tries}`);
  }
  if (each.state === "queued" || each.state === "leased") return h("span", { class: age(each.created_at) > LATE_AFTER ? "bad" : "warn", "data-age": each.created_at, "data-word": word });
  if (each.state === "cancelled") return h("span.faint", null, word);
  const late = Date.parse(each.sent_at) - Date.parse(each.created_at);
  const lateness = late > LATE_AFTER ? [" · ", h("span.bad", null, `${w("lateBy")} ${length(late)}`)] : "";
  if (each.state === "answered" || each.state === "seen") return [h("span.good", null, `${word} ${second(at)}`), lateness];
  if (wantsTaking(one)) return [h("span", { "data-unheard": at, "data-word": `${word} ${second(at)}` }), lateness];
  return [h("span", null, `${word} ${second(at, true)}`), lateness];
}

const age = (at) => now() - Date.parse(at);

/** What the service knows that helps whoever goes: the detectors, their newest values, spread. */
function know(one, alerts, devices, history) {
  const lines = one.devices.map((id) => {
    const device = devices.get(id);
    if (!device) return h("div", null, h("b", null, id));
    const said = (metric) => device.values[metric]?.value;
    const facts = [said("temperature") !== undefined && `${said("temperature")} °C`, said("battery") !== undefined && `${w("battery")} ${said("battery")} %`, said("linkquality") !== undefined && `${w("link")} ${said("linkquality")}`];
    return h("div", null, h("b", null, device.name || w("deviceKinds", device.kind)), ` ${device.where.label}`, h("span.muted", null, ` · ${facts.filter(Boolean).join(" · ")}`));
  });
  const repeats = alerts.filter((each) => each.count > 1).map((each) => h("div.warn", null, `${both(each.title)} × ${each.count}`));
  return h(".know", null, lines, repeats, history ? h("div", { class: history.length ? "warn" : "faint" }, pastFalse(history)) : null);
}

/** False alarms of this place in the last month, with their causes: what a responder wants to know before running. */
function pastFalse(history) {
  const causes = [...new Set(history.map((each) => each.cause).filter(Boolean))].map((cause) => w("causes", cause));
  return history.length ? `${w("month")} ${history.length} ${w("falseAlarms")}${causes.length ? `（${causes.join("、")}）` : ""}` : w("noFalse");
}

function next(one) {
  if (!isLive(one)) return null;
  if (!one.next_step) return h(".next.faint", null, w("noNext"));
  const step = one.next_step;
  const begun = Math.max(...[one.opened_at, ...one.timeline.filter((each) => each.kind === "notice.made").map((each) => each.at)].map((at) => Date.parse(at)));
  const unless = step.unless ? `（${w("unless", step.unless)}）` : "";
  return h(".next", null,
    h("span", null, h("span", { "data-until": step.at, "data-begun": new Date(begun).toISOString() }), " ", h("b", null, step.tell.map(target).join("、")), unless),
    h("span.track", { "aria-hidden": "true" }, h("i", { "data-until": step.at, "data-begun": new Date(begun).toISOString() })));
}

export function target(text) {
  const [kind, name] = text.split(":");
  if (kind === "post") return w("posts", name);
  if (kind === "zone" && name) return `${w("zones", name)} ${w("targets.zone")}`;
  return name ? `${w("targets", kind)} ${name}`.trim() : w("targets", kind);
}

function acts(one, onAct) {
  const main = nextAct(one);
  const others = ["acknowledge", "verify", "en-route", "arrive", "resolve"].filter((act) => act !== main && isOffered(one, act));
  const button = (act, big) => h(big ? "button.go" : "button", { onclick: () => onAct(act, one), "data-act": act }, KEYS[act] ? h("kbd", null, KEYS[act]) : null, label(act, big));
  return h(".acts", null, button(main, true), others.map((act) => button(act)), button("escalate"), button("notes"), wantsTaking(one) ? button("mute") : null);
}

const label = (act, big) => (act === "verify" && !big ? w("stages.verified") : w("acts", act));

export function isOffered(one, act) {
  if (!isLive(one)) return false;
  if (act === "acknowledge") return wantsTaking(one);
  if (act === "en-route") return ["open", "acknowledged"].includes(one.state) && one.finding !== "false";
  if (act === "arrive") return one.state !== "on_scene" && one.finding !== "false";
  return true;
}

/** Lateness and counts that move with the clock. */
export function tickCard(root) {
  for (const each of root.querySelectorAll("[data-unheard]")) {
    const silent = age(each.dataset.unheard);
    each.className = silent > UNHEARD_AFTER ? "bad" : "";
    each.textContent = silent > UNHEARD_AFTER ? `${each.dataset.word}，${w("notAnswered")} ${length(silent)}` : each.dataset.word;
  }
  for (const each of root.querySelectorAll("[data-age]")) each.textContent = `${each.dataset.word} ${length(age(each.dataset.age))}`;
  for (const each of root.querySelectorAll("[data-until]")) {
    const [begun, until] = [Date.parse(each.dataset.begun), Date.parse(each.dataset.until)];
    const left = until - now();
    if (each.tagName === "I") each.style.width = `${Math.min(100, Math.max(0, (100 * (now() - begun)) / Math.max(1, until - begun)))}%`;
    else each.textContent = left > 0 ? `${w("next")} ${countdown(left)} ${w("inTime")}` : w("nowTell");
  }
}
