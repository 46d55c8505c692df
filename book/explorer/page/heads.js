// Every head of the model as a small map, to be chosen.

import { label, make, picture, svg } from "./dom.js";
import { exhibit } from "./exhibit.js";
import { say } from "./words.js";

/** Shades from the ground to the ink of attention, for the root of a share. */
function shades() {
  const style = getComputedStyle(document.documentElement);
  const rgb = (name) => style.getPropertyValue(name).trim().slice(1).match(/../g).map((pair) => parseInt(pair, 16));
  const [from, to] = [rgb("--empty"), rgb("--full")];
  return (share) => from.map((value, channel) => value + (to[channel] - value) * Math.sqrt(share));
}

/** A map as a canvas of one pixel a cell. */
export function thumbnail(map, size, shade) {
  const canvas = make("canvas", { width: size, height: size });
  const context = canvas.getContext("2d");
  const image = context.createImageData(size, size);
  map.forEach((share, place) => image.data.set([...shade(share), 255], 4 * place));
  context.putImageData(image, 0, 0);
  return canvas;
}

/** Draw the section: a table of buttons, layers from top to bottom; arrow keys go from head to head. */
export function drawHeads(box, { maps, state, change }) {
  const shade = shades();
  const canvases = [];
  const rows = Array.from({ length: maps.layers }, (_, layer) => make("tr", {},
    make("th", { scope: "row" }, String(layer + 1)),
    Array.from({ length: maps.heads }, (_, head) => {
      const canvas = thumbnail(maps.of(layer, head), maps.size, shade);
      canvases.push({ canvas, layer, head });
      const [name, chosen] = [`${layer + 1}-${head + 1}`, state.layer === layer + 1 && state.head === head + 1];
      return make("td", {}, make("button", {
        type: "button", class: state.off.includes(name) ? "thumbnail off" : "thumbnail", title: name, "data-key": `head ${name}`,
        "aria-label": say("head {}", name) + (state.off.includes(name) ? say(", switched off") : ""),
        "aria-pressed": String(chosen), tabindex: chosen ? 0 : -1,
        onclick: () => change({ layer: layer + 1, head: head + 1 }),
        onkeydown: (event) => go(event, layer, head, maps, change),
      }, canvas));
    })));
  const head = make("tr", {}, make("td", {}), Array.from({ length: maps.heads }, (_, own) => make("th", { scope: "col" }, String(own + 1))));
  const caption = say("All heads: a row is a layer, a column a head; strong colour is much attention");
  const grid = make("table", { class: "grid" }, make("caption", { class: "hidden" }, caption), make("thead", {}, head), make("tbody", {}, rows));
  const numbers = {
    columns: [say("head"), say("from"), say("to"), say("attention")],
    get rows() { return allRows(maps); },
  };
  box.replaceChildren(exhibit("all-heads", caption, grid, numbers, () => mosaic(canvases, maps, caption)));
}

function go(event, layer, head, maps, change) {
  const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
  if (!step) return;
  event.preventDefault();
  const next = [layer + step[0], head + step[1]];
  if (next[0] < 0 || next[1] < 0 || next[0] >= maps.layers || next[1] >= maps.heads) return;
  change({ layer: next[0] + 1, head: next[1] + 1 }, `head ${next[0] + 1}-${next[1] + 1}`);
}

function allRows(maps) {
  const rows = [];
  for (let layer = 0; layer < maps.layers; layer++) {
    for (let head = 0; head < maps.heads; head++) {
      maps.of(layer, head).forEach((share, place) => {
        const [from, to] = [Math.floor(place / maps.size), place % maps.size];
        rows.push([`${layer + 1}-${head + 1}`, `${from + 1} ${maps.names[from]}`, `${to + 1} ${maps.names[to]}`, share]);
      });
    }
  }
  return rows;
}

function mosaic(canvases, maps, caption) {
  const cell = 44;
  const tiles = canvases.map(({ canvas, layer, head }) => svg("image", {
    href: canvas.toDataURL(), x: 30 + head * cell, y: 20 + layer * cell, width: 40, height: 40, style: "image-rendering: pixelated",
  }));
  const size = [30 + maps.heads * cell, 20 + maps.layers * cell];
  const across = Array.from({ length: maps.heads }, (_, head) => label(50 + head * cell, 14, head + 1, { "text-anchor": "middle" }));
  const down = Array.from({ length: maps.layers }, (_, layer) => label(22, 44 + layer * cell, layer + 1, { "text-anchor": "end" }));
  return picture(caption, size, across, down, tiles);
}
