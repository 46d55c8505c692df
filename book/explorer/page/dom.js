// Elements, made in one go. Text only ever goes in as text.

const SVG = "http://www.w3.org/2000/svg";

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

/** An HTML element; attributes that begin with `on` are listeners. */
export function make(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** An SVG element. */
export function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

/** A picture that is read as one, with its label.
 * @param {[number, number]} size width and height in pixels
 */
export function picture(label, [width, height], ...children) {
  const shown = { viewBox: `0 0 ${width} ${height}`, width, height, role: "group", "aria-label": label };
  return svg("svg", { ...shown, class: "picture", "font-family": "system-ui, sans-serif", "font-size": 12 }, ...children);
}

/** Text in a picture; `end` and `middle` place it. */
export function label(x, y, text, more = {}) {
  return svg("text", { x, y, fill: "var(--ink)", ...more }, text);
}

/** A button that is pressed or not. */
export function toggle(text, pressed, onclick, more = {}) {
  return make("button", { type: "button", "aria-pressed": String(pressed), onclick, ...more }, text);
}

/** A table of numbers or texts; the first column names the row. */
export function table(caption, columns, rows) {
  const head = make("tr", {}, columns.map((name) => make("th", { scope: "col" }, name)));
  const body = rows.map(([first, ...rest]) =>
    make("tr", {}, make("th", { scope: "row" }, first), rest.map((value) => make("td", {}, value))));
  return make("table", {}, make("caption", {}, caption), make("thead", {}, head), make("tbody", {}, body));
}
