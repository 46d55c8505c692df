// A picture with its name, the same as a table, and buttons that save it.

import { make, table } from "./dom.js";
import { csv, png, saved, standalone } from "./save.js";
import { say } from "./words.js";

/**
 * @param {string} name of the files
 * @param {string} caption above the picture
 * @param {Element} shown the picture
 * @param {{columns: string[], rows: (string|number)[][]}} numbers what it shows
 * @param {() => SVGElement} drawn the picture to be saved, where it is not `shown`
 */
export function exhibit(name, caption, shown, numbers, drawn = () => shown) {
  const details = make("details", { class: "numbers" }, make("summary", { "data-key": `numbers ${name}` }, say("The same as a table")));
  details.addEventListener("toggle", () => {
    if (details.open && !details.querySelector("table")) {
      const rows = numbers.rows.map((row) => row.map((cell) => (typeof cell === "number" ? written(cell) : cell)));
      details.append(make("div", { class: "wide", tabindex: 0, role: "group", "aria-label": caption }, table(caption, numbers.columns, rows)));
    }
  });
  const button = (text, onclick) => make("button", { type: "button", class: "small", "aria-label": `${text}: ${caption}`, onclick }, text);
  return make("figure", {},
    make("figcaption", {}, caption),
    make("div", { class: "wide" }, shown),
    make("div", { class: "keep" }, details,
      button("SVG", () => saved(`${name}.svg`, standalone(drawn()), "image/svg+xml")),
      button("PNG", async () => saved(`${name}.png`, await png(drawn()))),
      button("CSV", () => saved(`${name}.csv`, csv([numbers.columns, ...numbers.rows]), "text/csv"))));
}

/** A number as people read it: four digits behind the point at most. */
export function written(value) {
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "-";
  return Number.isInteger(value) ? String(value) : value.toFixed(4);
}
