// What the page shows, whole, as a link: everything after the # of its address.

export const START = {
  model: "distilbert-cased",
  sentence: "The girl near the dogs does sleep.",
  layer: 4,
  head: 5,
  level: "piece", // or "word"
  word: -1, // of the chosen level, pinned in the pictures of one head; -1 for none
  roles: { 0: "trigger", 1: "trigger", 3: "distractor", 4: "distractor", 5: "target" }, // word -> role
  swap: null, // {word, by}: another word in the place of one
  hidden: -1, // the word that [MASK] stands for
  off: [], // heads that are switched off, such as "4-5"
  language: "en",
};

const LETTERS = { target: "t", trigger: "a", distractor: "d" };
const ROLE = Object.fromEntries(Object.entries(LETTERS).map(([role, letter]) => [letter, role]));

/** State -> the text behind the # of a link; what is as at the start is left out. */
export function toHash(state) {
  const parts = {
    m: state.model,
    s: state.sentence,
    h: `${state.layer}-${state.head}`,
    v: state.level,
    w: String(state.word),
    r: Object.entries(state.roles).map(([word, role]) => word + LETTERS[role]).join(","),
    x: state.swap ? `${state.swap.word}:${state.swap.by}` : "",
    k: String(state.hidden),
    o: state.off.join(","),
    l: state.language,
  };
  const query = new URLSearchParams();
  const start = state === START ? {} : new URLSearchParams(toHash(START));
  for (const [name, value] of Object.entries(parts)) {
    if (state === START || value !== start.get(name)) query.set(name, value);
  }
  return query.toString();
}

/** The text behind the # of a link -> state; what cannot be read stays as at the start.
 * A link with another sentence and no roles has none.
 */
export function fromHash(hash, start = START) {
  const query = new URLSearchParams(hash.replace(/^#/, ""));
  const read = (name, pattern, make, otherwise) => {
    const found = pattern.exec(query.get(name) ?? "\0");
    return found ? make(...found) : otherwise;
  };
  const fresh = query.has("s") && query.get("s") !== start.sentence;
  return {
    model: read("m", /^[\w.-]+$/, (all) => all, start.model),
    sentence: query.get("s") ?? start.sentence,
    layer: read("h", /^(\d+)-(\d+)$/, (_, layer) => +layer, start.layer),
    head: read("h", /^(\d+)-(\d+)$/, (_, __, head) => +head, start.head),
    level: read("v", /^(piece|word)$/, (all) => all, start.level),
    word: read("w", /^\d+$/, Number, -1),
    roles: read("r", /^(\d+[tad](,\d+[tad])*)?$/, rolesOf, fresh ? {} : start.roles),
    swap: read("x", /^(\d+):(.+)$/s, (_, word, by) => ({ word: +word, by }), null),
    hidden: read("k", /^\d+$/, Number, -1),
    off: read("o", /^\d+-\d+(,\d+-\d+)*$/, (all) => [...new Set(all.split(","))], []),
    language: read("l", /^(en|zh)$/, (all) => all, start.language),
  };
}

function rolesOf(all) {
  return Object.fromEntries(all.split(",").filter(Boolean).map((part) => [part.slice(0, -1), ROLE[part.slice(-1)]]));
}

/** A state without what does not fit the model and the sentence. */
export function fitted(state, { layers, heads }, words) {
  const within = (head) => head.split("-").every((number, axis) => number >= 1 && number <= [layers, heads][axis]);
  const clamp = (number, most) => Math.min(Math.max(number, 1), most);
  return {
    ...state,
    layer: clamp(state.layer, layers),
    head: clamp(state.head, heads),
    off: state.off.filter(within),
    roles: Object.fromEntries(Object.entries(state.roles).filter(([word]) => +word < words)),
    swap: state.swap && state.swap.word < words ? state.swap : null,
    hidden: state.hidden < words ? state.hidden : -1,
  };
}
