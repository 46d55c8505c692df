// What a head does with this sentence as a whole, among all heads; and what it does in treebanks.

import { label, make, picture, svg } from "./dom.js";
import { exhibit } from "./exhibit.js";
import { STATISTICS } from "./surface.js";
import { say } from "./words.js";

const SHARES = ["to [SEP]", "to [CLS]", "to next", "to previous", "to self", "to . or ,"];
const [LEFT, WIDE, ROW] = [110, 260, 24];

/** Draw the section: a tick for every head, a dot for the chosen one; a click on a tick chooses that head. */
export function drawStatistics(box, { surface, pieces, state, change, card, measured }) {
  const name = `${state.layer}-${state.head}`;
  const own = surface[state.layer - 1][state.head - 1];
  const even = Math.log(pieces.length);
  const rows = [...SHARES.map((statistic) => [statistic, 1]), ["entropy", even]];
  const drawn = rows.map(([statistic, most], place) => {
    const y = place * ROW + 16;
    const x = (value) => (LEFT + WIDE * Math.min(1, value / most)).toFixed(1);
    const ticks = surface.flatMap((heads, layer) => heads.map((values, head) => svg("rect", {
      x: x(values[statistic]) - 0.75, y: y - 7, width: 1.5, height: 14, fill: "var(--soft)", "fill-opacity": 0.55, class: "word",
      onclick: () => change({ layer: layer + 1, head: head + 1 }),
    }, svg("title", {}, `${layer + 1}-${head + 1}: ${values[statistic].toFixed(2)}`))));
    return [
      label(LEFT - 8, y + 4, say(statistic), { "text-anchor": "end" }),
      svg("line", { x1: LEFT, x2: LEFT + WIDE, y1: y, y2: y, stroke: "var(--line)" }), ticks,
      svg("circle", { cx: x(own[statistic]), cy: y, r: 5, fill: "var(--marked)" }),
      label(LEFT + WIDE + 10, y + 4, own[statistic].toFixed(2)),
    ];
  });
  const bottom = rows.length * ROW + 18;
  const ends = say("from 0 to 1; the entropy to {}, all pieces alike", even.toFixed(2));
  const axis = label(LEFT, bottom, ends, { fill: "var(--soft)" });
  const caption = say("Head {} among all heads, in this sentence: shares of attention, entropy in nats", name);
  const numbers = { columns: [say("head"), ...STATISTICS.map((one) => say(one))], get rows() { return allRows(surface); } };
  const shown = picture(caption, [LEFT + WIDE + 50, bottom + 8], drawn, axis);
  box.replaceChildren(exhibit(`statistics-${name}`, caption, shown, numbers), make("p", {}, relation(card, state, measured)));
}

const allRows = (surface) => surface.flatMap((heads, layer) =>
  heads.map((values, head) => [`${layer + 1}-${head + 1}`, ...STATISTICS.map((name) => values[name])]));

/** The best relation of a head, as a sentence. */
export function relation(card, { layer, head }, measured) {
  const known = card.weights === "trained" ? measured.relations[card.label] ?? [] : [];
  const best = known.find((row) => row.layer === layer && row.head === head);
  if (!best) return say("Head {}, best relation: not measured for this model.", `${layer}-${head}`);
  const per = (share) => Math.round(100 * share);
  return say("Head {}, best relation: {} ({}), right for {}% of its words; the best fixed offset ({}) is right for {}%. Measured on a treebank, not on this sentence.",
    `${layer}-${head}`, best.relation, say(best.direction), per(best.accuracy), (best.offset > 0 ? "+" : "") + best.offset, per(best.offset_accuracy));
}
