// When nothing burns: the same page shows what could fail to speak, what could not be read, and what was last done.
import { place } from "./cards.js";
import { h, mark, shield } from "./parts.js";
import { day, second } from "./time.js";
import { w } from "./words.js";

export function calm(state) {
  return h("section.card.calm", null, shield(), h("h1", null, w("calm")), h("p", null, w("calmSub")));
}

export function figures(fleet) {
  if (!fleet) return null;
  const colour = { alarm: "fire", silent: "fault", fault: "fault", warning: "warning", unheard: "supervisory" };
  const shown = ["ok", "silent", "fault", "warning", "unheard", "off", "alarm"].filter((state) => fleet.states[state] || ["ok", "silent", "fault"].includes(state));
  return h(".figures", null, shown.map((state) =>
    h(".card.figure", { class: fleet.states[state] && colour[state] ? `hot ${colour[state]}` : "" }, h("b", null, fleet.states[state].toLocaleString()), h("span", null, w("fleet", state)))));
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

export function strays(fleet, gaps) {
  if (!fleet) return null;
  const figure = (count, word, hot) => h(".card.figure", { class: count ? `hot ${hot}` : "" }, h("b", null, count.toLocaleString()), h("span", null, word));
  return h(".figures", null, figure(fleet.quarantined, `${w("quarantine")} · ${w("last24")}`, "warning"), figure(fleet.discovered, w("discovered"), "warning"), figure(gaps, w("gaps"), "gas"));
}
