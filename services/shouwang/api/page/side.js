// Beside the card: every second of the case, and the building as people see it.
import { target } from "./cards.js";
import { h } from "./parts.js";
import { second } from "./time.js";
import { both, w } from "./words.js";

const SHOWN = 200; // the API has them all; a screen that is drawn often shows the newest

/** The timeline, newest first: tenths where machines acted, seconds where people did. */
export function timeline(one, places) {
  return h("section.card.panel.lines", null, h("h2", null, w("timeline"), h("small", null, one.id.slice(-8))),
    h("ol.timeline", null, [...one.timeline].reverse().slice(0, SHOWN).map((entry) =>
      h("li", { class: entry.kind === "alert.raised" ? `raised ${one.class}` : "" },
        h("span.muted", null, second(entry.at, entry.actor === "system")), h("span", null, sentence(entry, one, places))))));
}

function sentence(entry, one, places) {
  const at = (path) => places.get(path)?.name || path?.split("/").pop();
  const body = entry.body;
  const word = h("b", null, w("kinds", entry.kind));
  const who = entry.actor === "system" ? [] : [entry.actor_name, " "];
  const name = (id) => one.people[id] ?? id;
  switch (entry.kind) {
    case "alert.raised":
    case "alert.repeated":
    case "alert.cleared":
      return [h("b", null, `${at(entry.place)} ${w("kinds", entry.kind)}`), ` · ${both(body.facts?.sentence) || both(body.facts?.title) || both(one.title)}`];
    case "incident.joined":
      return [word, ` · ${at(body.at_place)}`];
    case "incident.worse":
      return [h("b.bad", null, w("kinds", entry.kind)), ` · ${(body.reasons ?? []).map((reason) => w("reasons", reason)).join("、")}`];
    case "incident.verified":
      return [who, word, ` · ${w("findings", body.finding)} ${body.how ? `（${w("hows", body.how)}）` : ""} ${body.note ?? ""}`];
    case "incident.resolved":
      return [who, word, ` · ${w("outcomes", body.outcome)} ${body.cause ? `（${w("causes", body.cause)}）` : ""} ${body.note ?? ""}`];
    case "notice.made":
      return [word, `（${w("why", body.why)}）→ ${(body.tell ?? []).map(target).join("、")}`];
    case "notice.expanded":
      return [word, ` ${(body.people ?? []).map(name).join("、")}`, body.gaps?.length ? h("span.bad", null, ` ${body.gaps.join("；")}`) : ""];
    case "delivery.sent":
      return [h("b", null, body.channel === "console" ? w("shown") : w("kinds", entry.kind)), ` · ${name(body.person)} · ${w("channels", body.channel)}`];
    case "escalation.skipped":
      return [word, ` · ${w("unless", body.because)}`];
    default: {
      const rest = body.person ? [name(body.person), body.channel && w("channels", body.channel), body.detail] : [body.note, body.text, body.reason, body.to && name(body.to), body.gaps?.join("；")];
      return [who, word, rest.some(Boolean) ? ` · ${rest.filter(Boolean).join(" · ")}` : ""];
    }
  }
}

/** 楼栋图: floors as rows, rooms as cells, order of ignition as numbers; what is silent is dashed. */
export function stack(one, places, devices) {
  const building = buildingOf(one.place, places);
  if (!building) return null;
  const floors = new Map();
  for (const room of places.values()) {
    if (!room.id.startsWith(`${building}/`) || !["dwelling", "shop", "area"].includes(room.kind)) continue;
    const floor = room.id.split("/").slice(0, -1).pop();
    floors.set(floor, [...(floors.get(floor) ?? []), room]);
  }
  if (!floors.size) return null;
  const silent = new Set([...devices.values()].filter((each) => each.state === "silent").map((each) => each.place));
  const number = (text) => parseInt(text.replace(/\D+/g, ""), 10) || 0;
  const rows = [...floors].sort(([a], [b]) => number(b) - number(a));
  return h("section.card.panel", null, h("h2", null, `${places.get(building)?.name ?? building} · ${w("stack")}`),
    h(".stack", null, rows.map(([floor, rooms]) => h(".floor", null, h("span", null, number(floor) || floor),
      h(".rooms", null, rooms.sort((a, b) => a.id.localeCompare(b.id)).map((room) => cell(one, room, silent)))))),
    h(".legend", null, h("span", null, `■ ${w("legendHit")}`), h("span", null, `┄ ${w("legendSilent")}`), h("span", null, w("legendOrder"))));
}

function cell(one, room, silent) {
  const order = one.places.findIndex((hit) => hit === room.id || hit.startsWith(`${room.id}/`));
  const state = order >= 0 ? `${one.class} hit` : silent.has(room.id) ? "silent" : "";
  return h(".room", { class: state }, order >= 0 ? h("i", null, order + 1) : null, room.name || room.id.split("/").pop());
}

export function buildingOf(place, places) {
  const parts = place.split("/");
  for (let end = parts.length; end > 0; end--) {
    const path = parts.slice(0, end).join("/");
    if (places.get(path)?.kind === "building") return path;
  }
  return null;
}
