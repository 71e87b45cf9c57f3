// Acts that need a word: verify, resolve, escalate, note. Digits choose, Enter confirms, Escape leaves.
import { h } from "./parts.js";
import { place } from "./cards.js";
import { w } from "./words.js";

/** Asks for what an act needs. Gives its body, or null where the person left. */
export function askFor(act, one) {
  switch (act) {
    case "verify":
      return form(w("stages.verified"), one, [choice("finding", ["real", "false", "unclear"], "findings"), choice("how", ["call_back", "on_scene", "camera", "second_detector"], "hows", w("how")), note()]);
    case "resolve":
      return form(w("acts.resolve"), one, [
        choice("outcome", ["real", "false_alarm", "accidental", "test", "drill", "device_fault"], "outcomes", w("outcome"), one.drill ? "drill" : one.finding === "false" ? "false_alarm" : one.finding === "real" ? "real" : ""),
        choice("cause", ["cooking", "steam", "dust", "smoking", "insects", "other"], "causes", w("cause"), "", true),
        note(),
      ]);
    case "escalate":
      return form(w("acts.escalate"), one, [note(w("reason"))]);
    case "notes":
      return form(w("acts.notes"), one, [note(w("acts.notes"), true)]);
    default:
      return Promise.resolve({});
  }
}

function form(heading, one, fields) {
  const dialog = document.getElementById("ask");
  return new Promise((done) => {
    const leave = h("button", { type: "button", onclick: () => dialog.close() }, w("cancel"));
    const asked = h("form", { method: "dialog", onsubmit: submit }, h("h2", null, heading, h("small", null, place(one))), fields, h(".end", null, leave, h("button.go", { type: "submit" }, w("ok"))));
    let answer = null;
    function submit(event) {
      event.preventDefault();
      answer = Object.fromEntries([...new FormData(asked)].filter(([, value]) => value !== ""));
      dialog.close();
    }
    dialog.replaceChildren(asked);
    dialog.onclose = () => done(answer);
    dialog.onkeydown = (event) => digits(event, asked);
    asked.addEventListener("change", () => show(asked));
    dialog.showModal();
    show(asked);
    (asked.querySelector("input:checked") ?? asked.querySelector("input,textarea"))?.focus();
  });
}

function choice(name, values, words, heading, chosen = "", optional = false) {
  return h("fieldset", { style: null, "data-group": name, class: "plain" }, heading ? h("legend.muted", null, heading) : null,
    h(".choices", null, values.map((value, index) =>
      h("label", null, h("input", { type: "radio", name, value, required: !optional, checked: value === chosen }), h("kbd", null, String(index + 1)), w(words, value)))));
}

const note = (label = w("note"), required = false) => h("label", null, h("span.muted", null, label), h("textarea", { name: "note", rows: 2, maxlength: 2000, required }));

/** The cause is asked only of a false alarm; what is chosen looks chosen. */
function show(asked) {
  for (const label of asked.querySelectorAll(".choices label")) label.classList.toggle("on", label.firstChild.checked);
  const cause = asked.querySelector("[data-group=cause]");
  if (cause) {
    cause.hidden = asked.querySelector("[name=outcome]:checked")?.value !== "false_alarm";
    cause.disabled = cause.hidden;
  }
}

function digits(event, asked) {
  if (event.target.tagName === "TEXTAREA" || !/^[1-9]$/.test(event.key)) return;
  const open = [...asked.querySelectorAll("fieldset")].filter((each) => !each.hidden);
  const group = open.find((each) => !each.querySelector(":checked")) ?? open[open.length - 1];
  const picked = group?.querySelectorAll("input")[Number(event.key) - 1];
  if (!picked) return;
  event.preventDefault();
  picked.checked = true;
  picked.focus();
  show(asked);
}
