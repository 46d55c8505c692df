// Heads switched off: what they move is left out, and what comes after them changes. Looking is not using.

import { label, make, picture, svg } from "./dom.js";
import { exhibit } from "./exhibit.js";
import { wordButtons } from "./confusing.js";
import { softmax } from "./probe.js";
import { heads } from "./swapping.js";
import { say } from "./words.js";

const CELL = 26;
const SHOWN = 5; // predictions

/** Draw the section. */
export function drawSwitches(box, data) {
  const { state, change, card } = data;
  const name = `${state.layer}-${state.head}`;
  const off = state.off.includes(name);
  const layer = Array.from({ length: card.heads }, (_, head) => `${state.layer}-${head + 1}`);
  const press = (key, text, next) => make("button", { type: "button", "data-key": key, onclick: () => change({ off: next }, key) }, text);
  const buttons = make("div", { class: "choice" },
    press("switch", off ? say("Switch head {} on", name) : say("Switch head {} off", name), off ? state.off.filter((own) => own !== name) : [...state.off, name]),
    press("switch layer", say("Switch layer {} off", state.layer), [...new Set([...state.off, ...layer])]),
    press("switch all", say("All heads on"), []));
  const list = make("p", {}, state.off.length ? say("Switched off: {}.", state.off.join(", ")) : say("All heads are on."));
  box.replaceChildren(buttons, list, ...(data.without ? [moved(data)] : []), ...(card.predicts ? predictions(data) : []));
}

function moved({ maps, whole, without, state, change }) {
  const all = heads(whole, without.maps);
  const size = [30 + maps.heads * CELL, 22 + maps.layers * CELL];
  const cells = all.map(({ name, layer, head, moved: far }) => [
    svg("rect", {
      x: 28 + head * CELL, y: 20 + layer * CELL, width: CELL - 2, height: CELL - 2, fill: "var(--marked)", "fill-opacity": Math.sqrt(far).toFixed(3),
      stroke: state.off.includes(name) ? "var(--ink)" : "var(--line)", "stroke-width": state.off.includes(name) ? 2.5 : 1, class: "word",
      onclick: () => change({ layer: layer + 1, head: head + 1 }),
    }, svg("title", {}, `${name}: ${far.toFixed(3)}`)),
    far >= 0.095 ? label(27 + head * CELL + CELL / 2, 36 + layer * CELL, far.toFixed(1).slice(1), { "text-anchor": "middle", "pointer-events": "none" }) : null,
  ]);
  const across = Array.from({ length: maps.heads }, (_, head) => label(27 + head * CELL + CELL / 2, 14, head + 1, { "text-anchor": "middle" }));
  const down = Array.from({ length: maps.layers }, (_, layer) => label(20, 36 + layer * CELL, layer + 1, { "text-anchor": "end" }));
  const caption = say("How far each head's map moves when the framed heads are off: 0 not at all, 1 all of its attention");
  const numbers = { columns: [say("head"), say("moved")], rows: all.map((own) => [own.name, own.moved]) };
  return exhibit("switched-off", caption, picture(caption, size, cells, across, down), numbers);
}

function predictions({ words, state, change, guessed, guessedWithout, looker }) {
  const buttons = wordButtons(words, "hide", (place) => ({ pressed: place === state.hidden, said: "" }),
    (place) => change({ hidden: place === state.hidden ? -1 : place }, `hide ${place}`));
  const parts = [make("h3", {}, say("What does the model guess?")), make("p", {}, say("Click a word to hide it behind [MASK]; the language-model head guesses it.")), buttons];
  if (!guessed) return parts;
  const caption = say("Guesses for “{}”", words[state.hidden]);
  const columns = [[say("all heads on"), guessed], ...(guessedWithout ? [[say("with heads off"), guessedWithout]] : [])];
  const lists = columns.map(([title, { logits }]) => ({ title, guesses: best(softmax(logits), looker.pieces.names) }));
  const own = looker.pieces.of(words[state.hidden]);
  const shares = own.length === 1 ? columns.map(([title, { logits }]) => `${title} ${percent(softmax(logits)[own[0]])}`).join(say(", ")) : "";
  const numbers = { columns: [say("place"), ...lists.map(({ title }) => title)], rows: Array.from({ length: SHOWN }, (_, place) => [place + 1, ...lists.map(({ guesses }) => `${guesses[place].piece} ${percent(guesses[place].share)}`)]) };
  parts.push(exhibit("guesses", caption, bars(caption, lists), numbers));
  parts.push(make("p", {}, shares ? say("The word itself gets: {}.", shares) : say("The word itself is several pieces, so it cannot be guessed as one."), " ",
    say("The head was trained here, on little text: its guesses are poor.")));
  return parts;
}

const percent = (share) => `${(100 * share).toFixed(1)}%`;

function best(shares, names) {
  return Array.from(shares.keys()).sort((a, b) => shares[b] - shares[a]).slice(0, SHOWN).map((id) => ({ piece: names[id], share: shares[id] }));
}

function bars(caption, lists) {
  const wide = 250;
  const drawn = lists.map(({ title, guesses }, column) => [
    label(column * wide, 14, title, { "font-weight": 600 }),
    guesses.map(({ piece, share }, place) => [
      svg("rect", { x: column * wide + 92, y: 22 + place * 20, width: Math.max(1, 100 * share), height: 14, fill: "var(--full)" }),
      label(column * wide + 88, 34 + place * 20, piece, { "text-anchor": "end" }), label(column * wide + 98 + 100 * share, 34 + place * 20, percent(share)),
    ]),
  ]);
  return picture(caption, [lists.length * wide, 30 + SHOWN * 20], drawn);
}
