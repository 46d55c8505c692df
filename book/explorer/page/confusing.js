// Is the target confused? Roles are given by clicking words, the score is read off layer by layer.

import { chart } from "./chart.js";
import { clicked, confusion, questionOf, ROLES } from "./confusion.js";
import { make, toggle } from "./dom.js";
import { exhibit } from "./exhibit.js";
import { say } from "./words.js";

let role = ROLES[0]; // that the next click gives

/** Words to be clicked, in the colours of their roles. */
export function wordButtons(words, key, describe, onclick) {
  return make("div", { class: "words", role: "group", "aria-label": say("words") }, words.map((word, place) => {
    const { kind, pressed, said } = describe(place);
    return make("button", {
      type: "button", class: kind ?? "", "aria-pressed": String(pressed), "data-key": `${key} ${place}`,
      "aria-label": said ? `${word}, ${said}` : word, onclick: () => onclick(place),
    }, word);
  }));
}

/** Draw the section. */
export function drawConfusion(box, data) {
  const { whole, owners, words, state, change, card, measured, without } = data;
  const again = () => drawConfusion(box, data);
  const chooser = make("div", { class: "choice", role: "group", "aria-label": say("role of the next word that is clicked") },
    ROLES.map((own) => toggle(say(own), own === role, () => { role = own; again(); box.querySelector(`[data-key="role ${own}"]`).focus(); }, { class: own, "data-key": `role ${own}` })));
  const buttons = wordButtons(words, "role of", (place) => ({
    kind: state.roles[place], pressed: place in state.roles, said: say(state.roles[place] ?? "no role"),
  }), (place) => change({ roles: clicked(state.roles, place, role) }, `role of ${place}`));
  const asked = questionOf(state.roles);
  const told = make("p", {}, asked ? inWords(asked, words) : say("Choose a role, then click words: one target, its true trigger, and one distractor or more."));
  box.replaceChildren(chooser, buttons, told, ...(asked ? drawn(asked) : []));

  function drawn(question) {
    const bits = confusion(whole, owners, question);
    const candidates = question.triggers.length;
    const even = Math.log2(candidates);
    const byLayer = (values) => values.map((value, place) => [place + 1, value]);
    const series = [{ name: say("this sentence"), points: byLayer(bits), colour: "var(--marked)" }];
    if (without) series.push({ name: say("with heads off"), points: byLayer(confusion(without.maps, without.owners, question)), colour: "var(--other)" });
    const paper = measured.confusion.paper[candidates];
    if (paper) {
      const points = paper.map((value, place) => [(place + 1) * card.layers / paper.length, value]);
      series.push({ name: say("the paper's BERT"), points: points.filter(([layer]) => layer >= 1), colour: "var(--soft)", dashed: true });
    }
    const ours = measured.confusion.ours[card.label]?.[candidates];
    if (ours && card.weights === "trained") series.push({ name: say("our mean"), points: byLayer(ours), colour: "var(--trigger)", dashed: true });
    const most = 1.08 * Math.max(even, 1, ...series.flatMap(({ points }) => points.map(([, value]) => value).filter(Number.isFinite)));
    const caption = say("Confusion by layer, in bits: 0 is all on the true trigger");
    const axes = { layers: card.layers, across: say("layer"), up: say("bits"), most, level: [even, say("an even split")] };
    const numbers = { columns: [say("layer"), ...series.map(({ name }) => name)], rows: rowsOf(series) };
    return [exhibit("confusion", caption, chart(caption, series, axes), numbers), make("p", { class: "note" }, say(
      candidates === 2 ? "Dashed: the mean of the paper's reflexives with two candidates (R1-R4 of its Figure 5, laid over these layers by depth), and of ours on the same kind of sentences."
        : candidates === 3 ? "Dashed: the mean of the paper's reflexives with three candidates (R5-R8 of its Figure 5, laid over these layers by depth), and of ours on the same kind of sentences."
          : "The paper has no sentences with so many candidates."))];
  }
}

function rowsOf(series) {
  const layers = [...new Set(series.flatMap(({ points }) => points.map(([layer]) => layer)))].sort((a, b) => a - b);
  return layers.map((layer) => [layer, ...series.map(({ points }) => points.find(([own]) => own === layer)?.[1] ?? "")]);
}

function inWords({ target, triggers }, words) {
  const phrases = triggers.map((places) => `“${places.map((place) => words[place]).join(" ")}”`);
  return say("From “{}”: {} or {}?", words[target], phrases[0], phrases.slice(1).join(", "));
}
