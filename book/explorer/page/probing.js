// Which word does each layer take for the main auxiliary?

import { label, make, picture, svg } from "./dom.js";
import { exhibit } from "./exhibit.js";
import { widthOf } from "./head.js";
import { grouped } from "./maps.js";
import { decoded, predicted } from "./probe.js";
import { say } from "./words.js";

const ROW = 24;

/** Draw the section: a row a layer, a column a word; the square is the share, the ring the answer. */
export function drawProbe(box, { bare, words, card, measured }) {
  const probe = measured.probes[card.weights === "random" ? card.id : card.label];
  if (!probe) return box.replaceChildren(make("p", {}, say("No probe was trained for this model.")));
  const found = predicted(bare.states, decoded(probe.weights));
  const groups = grouped(bare.owners);
  const shares = found.map((own) => groups.map(({ places }) => places.reduce((sum, place) => sum + own.shares[place], 0)));
  const answers = found.map((own) => bare.owners[own.place]);
  const names = found.map((_, layer) => (layer ? say("layer {}", layer) : say("embedding")));
  const [left, top] = [84, Math.min(150, Math.max(...words.map(widthOf)) + 10)];
  const cells = shares.map((row, layer) => row.map((share, word) => svg("rect", {
    x: left + word * ROW, y: top + layer * ROW, width: ROW - 2, height: ROW - 2, fill: "var(--full)", "fill-opacity": share.toFixed(3),
  }, svg("title", {}, `${names[layer]}, ${words[word]}: ${share.toFixed(2)}`))));
  const rings = answers.map((word, layer) => svg("rect", { x: left + word * ROW + 1, y: top + layer * ROW + 1, width: ROW - 4, height: ROW - 4, fill: "none", stroke: "var(--marked)", "stroke-width": 2.5 }));
  const across = words.map((word, place) => label(0, 0, word, { transform: `translate(${left + place * ROW + 15} ${top - 5}) rotate(-90)` }));
  const down = names.map((name, layer) => label(left - 6, top + layer * ROW + 15, name, { "text-anchor": "end" }));
  const caption = say("Which word each layer takes for the main auxiliary: ringed; strong colour is a high share");
  const numbers = { columns: [say("layer"), ...words, say("answer")], rows: shares.map((row, layer) => [names[layer], ...row, words[answers[layer]]]) };
  const size = [left + words.length * ROW + 4, top + names.length * ROW + 4];
  const right = probe.accuracy.map((share, layer) => `${names[layer]} ${Math.round(100 * share)}%`).join(say(", "));
  box.replaceChildren(exhibit("main-auxiliary", caption, picture(caption, size, cells, rings, across, down), numbers), make("p", { class: "note" },
    say("The probe always points at some word, also where there is no auxiliary. It was trained on {} sentences of our grammar, like “the girl does sleep”; on {} with a relative clause before the main auxiliary it is right: {}.", probe.training, probe.test, right)));
}
