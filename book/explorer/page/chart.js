// Lines over layers, each with its name at its end.

import { label, picture, svg } from "./dom.js";
import { widthOf } from "./head.js";

const [LEFT, TOP, WIDE, HIGH] = [44, 12, 300, 170];

/**
 * @param {string} caption
 * @param {{name: string, points: [number, number][], colour: string, dashed?: boolean}[]} series points: layer, value
 * @param {{layers: number, across: string, up: string, most: number, level?: [number, string]}} axes
 */
export function chart(caption, series, { layers, across, up, most, level }) {
  const x = (layer) => LEFT + WIDE * (layer - 1) / Math.max(1, layers - 1);
  const y = (value) => TOP + HIGH * (1 - Math.min(value, most) / most);
  const ticks = Array.from({ length: layers }, (_, place) => label(x(place + 1), TOP + HIGH + 16, place + 1, { "text-anchor": "middle" }));
  const step = [0.25, 0.5, 1, 2, 5].find((size) => most / size <= 6) ?? 10;
  for (let value = 0; value <= most; value += step) {
    ticks.push(label(LEFT - 6, y(value) + 4, value, { "text-anchor": "end" }), line(LEFT, y(value), LEFT + WIDE, y(value), "var(--line)"));
  }
  if (level) ticks.push(line(LEFT, y(level[0]), LEFT + WIDE, y(level[0]), "var(--soft)", "4 3"), label(LEFT + 4, y(level[0]) - 4, level[1], { fill: "var(--soft)" }));
  const drawn = series.map(({ points, colour, dashed }) => {
    const finite = points.filter(([, value]) => Number.isFinite(value));
    return [
      svg("polyline", { points: finite.map(([a, b]) => `${x(a).toFixed(1)},${y(b).toFixed(1)}`).join(" "), fill: "none", stroke: colour, "stroke-width": dashed ? 1.3 : 2, "stroke-dasharray": dashed ? "5 3" : null }),
      finite.map(([a, b]) => svg("circle", { cx: x(a), cy: y(b), r: dashed ? 2 : 3.5, fill: colour }, svg("title", {}, `${a.toFixed(1)}: ${b.toFixed(3)}`))),
    ];
  });
  const ends = apart(series.map(({ name, points, colour }) => ({ name, colour, y: y(points.filter(([, v]) => Number.isFinite(v)).at(-1)?.[1] ?? 0) })));
  const names = ends.map((end) => label(LEFT + WIDE + 10, end.y + 4, end.name, { fill: end.colour }));
  const width = LEFT + WIDE + 20 + Math.max(...series.map(({ name }) => widthOf(name)));
  return picture(caption, [width, TOP + HIGH + 40], ticks, drawn, names,
    label(LEFT + WIDE / 2, TOP + HIGH + 34, across, { "text-anchor": "middle" }), label(LEFT, TOP - 1, up, { fill: "var(--soft)" }));
}

const line = (x1, y1, x2, y2, stroke, dashes = null) => svg("line", { x1, y1, x2, y2, stroke, "stroke-dasharray": dashes });

/** Names that would lie on each other, pushed apart. */
function apart(ends) {
  const sorted = [...ends].sort((a, b) => a.y - b.y);
  sorted.forEach((end, place) => { if (place) end.y = Math.max(end.y, sorted[place - 1].y + 15); });
  return sorted;
}
