// The confusion score of one sentence (Lin et al. 2019, section 4), as `insidebert.measure.confusion` computes it.

export const ROLES = ["target", "trigger", "distractor"];

/**
 * -log2 of the true trigger's share of what goes from the target to all candidates, layer by layer.
 * @param {Maps} maps between pieces
 * @param {number[]} owners [T] the word of each piece, -1 for a special one
 * @param {{target: number, triggers: number[][]}} question words; the true trigger first
 * @returns {number[]} bits; Infinity where the true trigger receives nothing
 */
export function confusion(maps, owners, { target, triggers }) {
  const places = (words) => owners.flatMap((word, place) => (words.includes(word) ? [place] : []));
  const from = places([target]);
  const candidates = triggers.map(places);
  return Array.from({ length: maps.layers }, (_, layer) => {
    const mean = maps.mean(layer);
    const received = candidates.map((to) => {
      let sum = 0;
      for (const a of from) for (const b of to) sum += mean[a * maps.size + b];
      return sum / from.length;
    });
    return Math.log2(received.reduce((sum, share) => sum + share, 0)) - Math.log2(received[0]);
  });
}

/** Roles after a click: the word takes the role or, if it has it, loses it; there is one target.
 * @param {Object<number, string>} roles word -> role
 */
export function clicked(roles, word, role) {
  const kept = Object.entries(roles).filter(([place, own]) => +place !== word && !(own === role && role === "target"));
  return Object.fromEntries(roles[word] === role ? kept : [...kept, [word, role]]);
}

/** What the roles ask for; neighbouring distractors are one phrase. null while a role is not taken. */
export function questionOf(roles) {
  const [[target], trigger, distractors] = ROLES.map((role) =>
    Object.keys(roles).map(Number).filter((word) => roles[word] === role).sort((a, b) => a - b));
  if (target === undefined || !trigger.length || !distractors.length) return null;
  const phrases = [];
  for (const word of distractors) {
    const last = phrases[phrases.length - 1];
    if (last && last[last.length - 1] === word - 1) last.push(word);
    else phrases.push([word]);
  }
  return { target, triggers: [trigger, ...phrases] };
}
