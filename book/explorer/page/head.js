// One head: its attention as lines between words and as a map.

import { label, make, picture, svg } from "./dom.js";
import { exhibit, written } from "./exhibit.js";
import { say } from "./words.js";

const ROW = 19; // pixels a word
const SEEN = 0.02; // a line for less than this share would not be seen

/** Draw the section. Pointing at a word, or reaching it by keyboard, shows it alone; a click keeps it so. */
export function drawHead(box, { maps, state, change }) {
  const map = maps.of(state.layer - 1, state.head - 1);
  const name = `${state.layer}-${state.head}`;
  const numbers = {
    columns: [say("from \\ to"), ...maps.names],
    rows: maps.names.map((from, i) => [from, ...Array.from(map.subarray(i * maps.size, (i + 1) * maps.size))]),
  };
  const told = make("p", { class: "told", role: "status" });
  const show = (word) => {
    for (const line of box.querySelectorAll(".link, .cell")) {
      line.classList.toggle("dim", word >= 0 && +line.dataset.from !== word);
    }
    told.textContent = word < 0 ? say("Point at a word to see where it looks.") : inWords(maps, map, word);
  };
  const word = (place, x, y, anchor) => label(x, y, maps.names[place], {
    "text-anchor": anchor, class: "word", tabindex: 0, role: "button", "aria-pressed": String(place === state.word),
    "aria-label": inWords(maps, map, place), "data-key": `${anchor} ${place}`, "font-weight": place === state.word ? 700 : 400,
    onpointerenter: () => show(place), onpointerleave: () => show(state.word),
    onfocus: () => show(place), onblur: () => show(state.word),
    onclick: () => change({ word: place === state.word ? -1 : place }, `${anchor} ${place}`),
    onkeydown: (event) => ["Enter", " "].includes(event.key) && (event.preventDefault(), event.currentTarget.dispatchEvent(new MouseEvent("click"))),
  });
  box.replaceChildren(make("div", { class: "beside" },
    exhibit(`lines-${name}`, say("Head {}: from the left to the right, stronger is more", name), lines(maps, map, name, word), numbers),
    exhibit(`map-${name}`, say("Head {}: each row is where a word looks", name), heat(maps, map, name), numbers)), told);
  show(state.word);
}

/** Such as "her → brother 83%, older 9%". */
export function inWords(maps, map, word) {
  const row = Array.from(map.subarray(word * maps.size, (word + 1) * maps.size), (share, to) => ({ share, to }));
  const most = row.sort((a, b) => b.share - a.share).slice(0, 4).filter(({ share }) => share >= 0.005);
  return `${maps.names[word]} → ${most.map(({ share, to }) => `${maps.names[to]} ${Math.round(100 * share)}%`).join(", ")}`;
}

/** Width of a text of 12 pixels, roughly; wide scripts count twice. */
export const widthOf = (text) => [...text].reduce((sum, letter) => sum + (letter > "\u2e80" ? 12.5 : 6.8), 0);

function lines(maps, map, name, word) {
  const side = Math.min(150, Math.max(...maps.names.map(widthOf)) + 8);
  const [width, height] = [2 * side + 130, maps.size * ROW + 6];
  const y = (place) => place * ROW + 12;
  const drawn = [];
  map.forEach((share, place) => {
    const [from, to] = [Math.floor(place / maps.size), place % maps.size];
    if (share > SEEN) {
      drawn.push(svg("line", {
        class: "link", "data-from": from, x1: side + 2, y1: y(from), x2: side + 128, y2: y(to), stroke: "var(--full)",
        "stroke-width": 1 + 1.5 * share, "stroke-opacity": Math.min(1, share + 0.04).toFixed(3),
      }));
    }
  });
  const names = maps.names.map((_, place) => [word(place, side - 4, y(place) + 4, "end"), word(place, side + 134, y(place) + 4, "start")]);
  return picture(say("lines of head {}", name), [width, height], drawn, names);
}

/** A map of shares, or of differences, as squares with names at the left and above. */
export function heat(maps, map, name, colour = (share) => ["var(--full)", Math.sqrt(share)], from = maps.names) {
  const side = Math.min(150, Math.max(...from.map(widthOf)) + 8);
  const top = Math.min(150, Math.max(...maps.names.map(widthOf)) + 8);
  const cells = [];
  map.forEach((share, place) => {
    const [i, j] = [Math.floor(place / maps.size), place % maps.size];
    const [fill, strength] = colour(share);
    cells.push(svg("rect", {
      class: "cell", "data-from": i, x: side + j * ROW, y: top + i * ROW, width: ROW - 1, height: ROW - 1,
      fill, "fill-opacity": strength.toFixed(3),
    }, svg("title", {}, `${from[i]} → ${maps.names[j]}: ${written(share)}`)));
  });
  const rows = from.map((text, i) => label(side - 4, top + i * ROW + 13, text, { "text-anchor": "end" }));
  const columns = maps.names.map((text, j) => label(0, 0, text, { transform: `translate(${side + j * ROW + 13} ${top - 4}) rotate(-90)` }));
  const ground = svg("rect", { x: side, y: top, width: maps.size * ROW, height: maps.size * ROW, fill: "var(--empty)" });
  return picture(say("map of head {}", name), [side + maps.size * ROW + 4, top + maps.size * ROW + 4], ground, cells, rows, columns);
}
