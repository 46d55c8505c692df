// A sentence as the chosen model sees it; what was once computed is kept.

import { Maps } from "./maps.js";
import { surface } from "./surface.js";

const KEPT = 24; // sentences

export class Looker {
  /**
   * @param {Runtime} runtime with the model loaded
   * @param {Pieces} pieces
   * @param {object} card of the model, from models.json
   */
  constructor(runtime, pieces, card) {
    Object.assign(this, { runtime, pieces, card, known: new Map() });
  }

  /**
   * @param {string[]} words
   * @param {{off?: string[], hidden?: number, special?: boolean}} how heads that are off, such as "4-5"; the word that
   * [MASK] stands for; whether [CLS] and [SEP] are there
   * @returns {Promise<object>} words, pieces, ids, owners; maps, surface, states, logits of the hidden word
   */
  at(words, { off = [], hidden = -1, special = true } = {}) {
    const key = JSON.stringify([words, off, hidden, special]);
    if (!this.known.has(key)) this.known.set(key, this.#run(words, off, hidden, special));
    if (this.known.size > KEPT) this.known.delete(this.known.keys().next().value);
    return this.known.get(key);
  }

  async #run(words, off, hidden, special) {
    const { layers, heads } = this.card;
    const encoded = this.pieces.encode(words, special, hidden);
    const on = Array.from({ length: layers * heads }, (_, place) =>
      (off.includes(`${Math.floor(place / heads) + 1}-${(place % heads) + 1}`) ? 0 : 1));
    const place = hidden < 0 ? 0 : encoded.owners.indexOf(hidden);
    const told = await this.runtime.run(encoded.ids, on, layers, [place]);
    const maps = new Maps(told.maps.data, layers, heads, encoded.pieces);
    return {
      ...encoded, words, maps, milliseconds: told.milliseconds,
      norms: told.norms.data, states: told.states, logits: told.logits.data,
      surface: special ? surface(maps, told.norms.data, encoded.pieces) : null,
    };
  }
}
