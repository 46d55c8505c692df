// Sentences of the page that depend on what happened or on what was measured.

import { say } from "./words.js";

const REFUSALS = {
  empty: "The sentence is empty; type at least one word.",
  "too long": "The sentence has too many pieces ({}); the pictures hold no more, so shorten it.",
  "no WebAssembly": "This browser has no WebAssembly, which computes the model; another browser, or a newer one, has it.",
  "no memory": "There was not enough memory for this model; close other pages, or take a smaller model.",
  "broken off": "{} broke off on the way; load the page again.",
  damaged: "{} is damaged: it does not have the size and the checksum that it should have. `make book` writes it anew.",
  missing: "{} is not there. Is the page opened from a server? `python -m http.server` in the book's folder is one.",
  "not run": "The model could not be run: {}",
};

/** What is said when something cannot be done. */
export function refusal(error) {
  return say(REFUSALS[error.key] ?? REFUSALS["not run"], error.key ? error.about : String(error.message ?? error));
}

const STORED = {
  codes: "Its weights are those of the model in Python, to the last bit: 8-bit numbers to begin with.",
  half: "Its weights are rounded to half precision.",
  rows: "Its weights are rounded to 8 bits, for phones.",
};

/** How a model's weights are stored, and by how much its maps differ from those in Python. */
export function weightsInWords({ storage, weights, moved }) {
  const stored = say(weights === "random" ? "The random twin: its layers are drawn by lot, and rounded to 8 bits." : STORED[storage]);
  return `${stored} ${say("On {} sentences, attention differs from Python's by at most {}, on average by {}.", moved.sentences, short(moved.greatest), short(moved.mean))}`;
}

const short = (value) => (value < 1e-3 ? value.toExponential(0) : value.toPrecision(2));
