// When nothing burns: the same page shows what could fail to speak, what could not be read, and what was last done.
import { place } from "./cards.js";
import { h, mark, shield } from "./parts.js";
import { day, second } from "./time.js";
import { w } from "./words.js";

const COLOUR = { alarm: "fire", silent: "fault", fault: "fault", warning: "warning", unheard: "supervisory" };

export function calm() {
  return h("section.card.calm", null, shield(), h("h1", null, w("calm")), h("p", null, w("calmSub")));
}

export function figures(fleet) {
  if (!fleet) return null;
  const shown = ["ok", "silent", "fault", "warning", "unheard", "off", "alarm"].filter((state) => fleet.states[state] || ["ok", "silent", "fault"].includes(state));
  return h(".figures", null, shown.map((state) =>
    h(".card.figure", { class: fleet.states[state] && COLOUR[state] ? `hot ${COLOUR[state]}` : "" }, h("b", null, fleet.states[state].toLocaleString()), h("span", null, w("fleet", state)))));
}

/** How the devices of each kind stand, as a bar. */
export function kinds(fleet) {
  if (!fleet || !fleet.total) return null;
  const order = ["ok", "off", "unheard", "warning", "fault", "silent", "alarm"];
  const rows = Object.entries(fleet.kinds).sort(([, a], [, b]) => sum(b) - sum(a)).map(([kind, states]) => [
    h("span", null, w("deviceKinds", kind)),
    h("span.meter", { role: "img", "aria-label": order.filter((state) => states[state]).map((state) => `${w("fleet", state)} ${states[state]}`).join(" ") },
      order.filter((state) => states[state]).map((state) => bar(state, states[state], sum(states)))),
    h("span.muted", null, states.ok === sum(states) ? String(sum(states)) : `${states.ok ?? 0} / ${sum(states)}`),
  ]);
  return h("section.card.panel", null, h("h2", null, w("devices"), h("small", null, fleet.total.toLocaleString())), h(".kinds", null, rows));
}

const sum = (states) => Object.values(states).reduce((total, count) => total + count, 0);

function bar(state, count, total) {
  const part = h("i", { class: COLOUR[state] ?? (state === "off" ? "off" : "") });
  part.style.flexGrow = String(count / total);
  return part;
}

export function quiet(fleet) {
  if (!fleet) return null;
  const rows = fleet.quiet.slice(0, 12).map((device) =>
    h("tr", null, h("td", null, device.where.label), h("td.muted", null, device.name || w("deviceKinds", device.kind)),
      h("td.faint", null, device.heard_at ? [w("heard"), " ", h("span", { "data-long": device.heard_at })] : w("never"))));
  return h("section.card.panel", null, h("h2", null, w("quiet"), h("small", null, rows.length ? `${fleet.states.silent} / ${fleet.total}` : "")),
    rows.length ? h("table.list", null, h("tbody", null, rows)) : h("p.muted", null, w("noQuiet")));
}

export function recent(ended) {
  const rows = ended.slice(0, 10).map((one) =>
    h("tr", { class: one.drill ? "drill" : one.class }, h("td", null, mark(one.class), w("classes", one.class)), h("td", null, place(one)),
      h("td.muted", null, one.outcome ? w("outcomes", one.outcome) : ""), h("td.faint", null, `${day(one.resolved_at ?? one.opened_at)} ${second(one.resolved_at ?? one.opened_at)}`)));
  return h("section.card.panel", null, h("h2", null, w("recent")), rows.length ? h("table.list", null, h("tbody", null, rows)) : h("p.muted", null, w("noRecent")));
}

/** Where nobody would answer, in words. */
export function gaps(found) {
  if (!found.length) return null;
  return h("section.card.panel", null, h("h2", null, w("gaps"), h("small", null, String(found.length))),
    h("table.list", null, h("tbody", null, found.slice(0, 8).map((gap) => h("tr", null, h("td", null, w("gapKinds", gap.kind)), h("td.muted", null, gap.where?.label ?? gap.zone ?? ""))))));
}

/** What the service did last, for whoever may read the journal. */
export function lately(entries) {
  if (!entries.length) return null;
  return h("section.card.panel.lines", null, h("h2", null, w("timeline")), h("ol.timeline", null, entries.map((entry) =>
    h("li", null, h("span.muted", null, second(entry.at, entry.actor === "system")),
      h("span", null, entry.actor === "system" ? "" : `${entry.actor_name} `, h("b", null, w("kinds", entry.kind)), h("span.muted", null, ` ${entry.where ?? entry.device ?? ""}`))))));
}

export function strays(fleet, gaps) {
  if (!fleet) return null;
  const figure = (count, word, hot) => h(".card.figure", { class: count ? `hot ${hot}` : "" }, h("b", null, count.toLocaleString()), h("span", null, word));
  return h(".figures", null, figure(fleet.quarantined, `${w("quarantine")} · ${w("last24")}`, "warning"), figure(fleet.discovered, w("discovered"), "warning"), figure(gaps, w("gaps"), "gas"));
}
