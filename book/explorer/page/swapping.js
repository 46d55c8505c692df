// Another word in the place of one: both sentences, and where the chosen head's map differs.

import { make, toggle } from "./dom.js";
import { exhibit } from "./exhibit.js";
import { heat } from "./head.js";
import { distance } from "./maps.js";
import { wordButtons } from "./confusing.js";
import { say } from "./words.js";

/** Words after the swap. */
export const swapped = (words, swap) => words.map((word, place) => (place === swap.word ? swap.by : word));

/** Draw the section; both sentences are compared word by word, since their pieces may differ in number. */
export function drawSwap(box, { byWord, words, state, change, other }) {
  const name = `${state.layer}-${state.head}`;
  const chosen = state.swap?.word ?? -1;
  const buttons = wordButtons(words, "swap", (place) => ({ pressed: place === chosen, said: "" }),
    (place) => change({ swap: place === chosen ? null : { word: place, by: words[place] } }, place === chosen ? `swap ${place}` : "swap by"));
  const parts = [make("p", {}, say("Click a word, and write another one in its place.")), buttons];
  if (chosen >= 0) {
    const field = make("input", { id: "by", "data-key": "swap by", value: state.swap.by, autocomplete: "off", maxlength: 60 });
    parts.push(make("form", { onsubmit: (event) => {
      event.preventDefault();
      if (field.value.trim()) change({ swap: { word: chosen, by: field.value.trim() } }, "swap by");
    } }, make("label", { for: "by" }, say("In place of “{}”", words[chosen])), make("div", { class: "line" }, field, make("button", { type: "submit" }, say("Swap")))));
  }
  if (other) parts.push(...compared(byWord, other, state, name));
  box.replaceChildren(...parts);
}

function compared(byWord, other, state, name) {
  const [map, its] = [byWord, other].map((maps) => maps.of(state.layer - 1, state.head - 1));
  const difference = its.map((share, place) => share - map[place]);
  const colour = (value) => [value > 0 ? "var(--marked)" : "var(--trigger)", Math.sqrt(Math.abs(value))];
  const columns = [say("from \\ to"), ...byWord.names];
  const shown = (values, names = byWord.names) => ({ columns, rows: names.map((from, i) => [from, ...values.slice(i * names.length, (i + 1) * names.length)]) });
  const merged = byWord.names.map((word, place) => (word === other.names[place] ? word : `${word} → ${other.names[place]}`));
  const apart = heads(byWord, other);
  return [
    make("div", { class: "beside three" },
      exhibit(`first-${name}`, say("Head {}: as it was", name), heat(byWord, map, name), shown(map)),
      exhibit(`second-${name}`, say("Head {}: with the other word", name), heat(other, its, name), shown(its, other.names)),
      exhibit(`difference-${name}`, say("The difference: red is more with the other word, blue is less"), heat(byWord, difference, name, colour, merged), shown(difference, merged))),
    make("p", {}, say("Moved most by the swap: {}.", apart.slice(0, 5).map((own) => `${own.name} (${own.moved.toFixed(2)})`).join(", ")),
      " ", say("A number is the mean over words of half the summed differences: 0 is no change, 1 is everything elsewhere.")),
  ];
}

/** Heads by how far their maps are apart, furthest first. */
export function heads(one, other) {
  const all = [];
  for (let layer = 0; layer < one.layers; layer++) {
    for (let head = 0; head < one.heads; head++) {
      all.push({ name: `${layer + 1}-${head + 1}`, layer, head, moved: distance(one.of(layer, head), other.of(layer, head), one.size) });
    }
  }
  return all.sort((a, b) => b.moved - a.moved);
}
