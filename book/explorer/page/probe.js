// The main-auxiliary probe of Open Sesame (Lin et al. 2019, section 3), its weights trained when the book was built.

/** Weights as text -> numbers: float32, little-endian, in base 64. */
export function decoded(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Float32Array(bytes.buffer);
}

/**
 * Which piece each layer takes for the main auxiliary: the one whose state has the highest logit.
 * @param {{data: Float32Array, shape: number[]}} states [layers + 1, T, width]
 * @param {Float32Array} weights [layers + 1, width] of the target's logit
 * @returns {{place: number, shares: number[]}[]} a state; shares: softmax of the logits over pieces
 */
export function predicted({ data, shape: [depth, size, width] }, weights) {
  return Array.from({ length: depth }, (_, layer) => {
    const logits = Array.from({ length: size }, (_, place) => {
      const start = (layer * size + place) * width;
      let sum = 0;
      for (let i = 0; i < width; i++) sum += data[start + i] * weights[layer * width + i];
      return sum;
    });
    return { place: logits.indexOf(Math.max(...logits)), shares: softmax(logits) };
  });
}

/** Numbers -> shares that add up to 1. */
export function softmax(logits) {
  const most = Math.max(...logits);
  const powers = Array.from(logits, (logit) => Math.exp(logit - most));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}
