// Small parts: elements from values (never from markup), and the marks by which a class is known without its colour.
const SVG = "http://www.w3.org/2000/svg";

/** `h("button.go", { onclick }, "text", child)`. Text is always text: nothing that somebody typed becomes markup. */
export function h(name, props, ...children) {
  const [tag, ...classes] = name.split(".");
  const element = document.createElement(tag || "div");
  if (classes.length) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "class") element.className = `${element.className} ${value}`.trim();
    else if (key in element && key !== "list" && typeof value !== "string") element[key] = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const SHAPES = {
  fire: ["M6 1h8l5 5v8l-5 5H6l-5-5V6z", "M10 4c2 3 4 4 4 7a4 4 0 0 1-8 0c0-2 1-3 2-5 1 2 1 1 2-2z"],
  gas: ["M10 1l9.5 17H.5z", "M9 7h2v6H9zM9 14.5h2v2H9z"],
  emergency: ["M10 1a9 9 0 1 1 0 18 9 9 0 0 1 0-18z", "M8.5 5h3v3.5H15v3h-3.5V15h-3v-3.5H5v-3h3.5z"],
  water: ["M10 1c4 5 7 8 7 12a7 7 0 0 1-14 0c0-4 3-7 7-12z", "M6 13a4 4 0 0 0 4 4v-2a2 2 0 0 1-2-2z"],
  supervisory: ["M10 0l10 10-10 10L0 10z", "M9 5h2v6H9zM9 12.5h2v2H9z"],
  fault: ["M4 2h12a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V4c0-1 1-2 2-2z", "M6 9h8v2H6z"],
};
SHAPES.co = SHAPES.gas;
SHAPES.warning = SHAPES.supervisory;

/** The mark of a class: its own shape, so that colour is never alone. */
export function mark(klass) {
  const [outer, inner] = SHAPES[klass] ?? SHAPES.fault;
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("class", "mark");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("fill", "currentColor");
  path.setAttribute("fill-rule", "evenodd");
  path.setAttribute("d", `${outer} ${inner}`);
  svg.append(path);
  return svg;
}

export function shield() {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 40 40");
  svg.setAttribute("aria-hidden", "true");
  for (const [d, width] of [["M20 3l14 5v10c0 9-6 15-14 19C12 33 6 27 6 18V8z", 2.4], ["M13 20l5 5 9-10", 3]]) {
    const path = document.createElementNS(SVG, "path");
    for (const [key, value] of Object.entries({ d, fill: "none", stroke: "currentColor", "stroke-width": width, "stroke-linecap": "round", "stroke-linejoin": "round" })) path.setAttribute(key, value);
    svg.append(path);
  }
  return svg;
}

let quiet = 0;

/** A short answer at the bottom of the screen. */
export function say(text, bad = false) {
  const line = document.getElementById("said");
  line.textContent = text;
  line.className = bad ? "on bad" : "on";
  clearTimeout(quiet);
  quiet = setTimeout(() => (line.className = ""), bad ? 7000 : 3500);
}
