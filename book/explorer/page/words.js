// The page's words: English as it stands in the modules, Chinese from the dictionary beside.

import { CHINESE } from "./chinese.js";

let language = "en";

/** Choose "en" or "zh" for everything that is said from now on. */
export function speak(chosen) {
  language = chosen;
}

/** A text in the chosen language; each {} in it becomes the next value. */
export function say(english, ...values) {
  const text = language === "zh" ? CHINESE[english] ?? english : english;
  const rest = [...values];
  return text.replace(/\{\}/g, (place) => rest.shift() ?? place);
}
