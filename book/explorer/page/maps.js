// Attention of one sentence: between pieces, or between words.

export class Maps {
  /**
   * @param {Float32Array} values [layers, heads, T, T] FROM axis 2 TO axis 3
   * @param {number} layers
   * @param {number} heads
   * @param {string[]} names [T] of the pieces, or of the words
   */
  constructor(values, layers, heads, names) {
    Object.assign(this, { values, layers, heads, names, size: names.length });
  }

  /** One head's map, [T * T]; layer and head from 0. */
  of(layer, head) {
    const area = this.size ** 2;
    const start = (layer * this.heads + head) * area;
    return this.values.subarray(start, start + area);
  }

  /** A layer's map, averaged over its heads, [T * T]. */
  mean(layer) {
    const sum = new Float64Array(this.size ** 2);
    for (let head = 0; head < this.heads; head++) this.of(layer, head).forEach((share, place) => { sum[place] += share; });
    return sum.map((share) => share / this.heads);
  }

  /** The same between words: TO a word the sum over its pieces, FROM it their mean (Clark et al. 2019, section 4.1).
   * Special pieces stand for themselves, so that every row adds up to 1.
   * @param {number[]} owners [T] the word of each piece, -1 for a special one
   * @param {string[]} words
   */
  byWord(owners, words) {
    const groups = grouped(owners);
    const names = groups.map(({ word, places }) => (word < 0 ? this.names[places[0]] : words[word]));
    const size = groups.length;
    const values = new Float32Array(this.layers * this.heads * size ** 2);
    for (let number = 0; number < this.layers * this.heads; number++) {
      const map = this.of(0, number);
      groups.forEach(({ places: from }, i) => groups.forEach(({ places: to }, j) => {
        let sum = 0;
        for (const a of from) for (const b of to) sum += map[a * this.size + b];
        values[(number * size + i) * size + j] = sum / from.length;
      }));
    }
    return new Maps(values, this.layers, this.heads, names);
  }
}

/** Pieces gathered by word: [{word, places}]; special pieces stand for themselves. */
export function grouped(owners) {
  const groups = [];
  owners.forEach((word, place) => {
    const last = groups[groups.length - 1];
    if (last && word >= 0 && last.word === word) last.places.push(place);
    else groups.push({ word, places: [place] });
  });
  return groups;
}

/** How far apart two heads' maps of one size are: the mean over rows of half the summed differences, 0 to 1. */
export function distance(one, other, size) {
  let sum = 0;
  one.forEach((share, place) => { sum += Math.abs(share - other[place]); });
  return sum / 2 / size;
}
