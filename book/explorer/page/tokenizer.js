// Words of a sentence and their pieces, as `insidebert.text.words` and `insidebert.models.encoding` make them.

const INSIDE = "'’-‐"; // marks that belong to a word when letters are on both sides: girl's, well-known
const BLANK = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/u; // what Python calls white space
const PUNCTUATION = /[\p{P}!-\/:-@[-`{-~]/u; // BERT's own rule
const MARK_OR_OTHER = /[\p{M}\p{C}]/u;
const LETTER = /[\p{L}\p{N}\p{M}]/u;
const IDEOGRAPH = /[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u{20000}-\u{2a6df}\u{2a700}-\u{2ceaf}\u{2f800}-\u{2fa1f}]/u;

/** Pieces of words; special pieces typed in a text are text. */
export class Pieces {
  /**
   * @param Tokenizer the class of @huggingface/tokenizers
   * @param {object} file content of tokenizer.json
   */
  constructor(Tokenizer, file) {
    const plain = { ...file, added_tokens: [], post_processor: null, truncation: null, padding: null };
    this.tokenizer = new Tokenizer(plain, {});
    this.ids = new Map(Object.entries(file.model.vocab));
    [this.cls, this.sep, this.mask] = ["[CLS]", "[SEP]", "[MASK]"].map((piece) => this.ids.get(piece));
    this.names = [];
    for (const [piece, id] of this.ids) this.names[id] = piece;
  }

  /** Ids of one word's pieces. */
  of(word) {
    return this.tokenizer.encode(word, { add_special_tokens: false }).ids;
  }

  /**
   * Words and punctuation marks of a sentence; what has no piece is no word.
   * @param {string} sentence
   * @returns {string[]}
   */
  words(sentence) {
    return sentence.split(new RegExp(BLANK, "gu")).flatMap(parted).filter((word) => this.of(word).length);
  }

  /**
   * A sentence as a model gets it.
   * @param {string[]} words
   * @param {boolean} special with [CLS] and [SEP]
   * @param {number} hidden a word in whose place stands [MASK], or -1
   * @returns {{ids: number[], owners: number[], pieces: string[]}} owners: the word of each piece, -1 for a special one
   */
  encode(words, special = true, hidden = -1) {
    const own = words.map((word, place) => (place === hidden ? [this.mask] : this.of(word)));
    const [before, after] = special ? [[this.cls], [this.sep]] : [[], []];
    const ids = [...before, ...own.flat(), ...after];
    const owners = [...before.map(() => -1), ...own.flatMap((part, word) => part.map(() => word)), ...after.map(() => -1)];
    return { ids, owners, pieces: ids.map((id) => this.names[id]) };
  }
}

/** What lies between blanks -> words and marks. */
function parted(run) {
  const characters = [...run];
  const words = [];
  characters.forEach((character, place) => {
    if (place && !endsBefore(characters, place)) words[words.length - 1] += character;
    else words.push(character);
  });
  return words;
}

function endsBefore(text, place) {
  const [before, after, following = ""] = [text[place - 1], text[place], text[place + 1]];
  if (MARK_OR_OTHER.test(after)) return false; // a sign or an invisible mark belongs to its letter
  if (INSIDE.includes(after) && LETTER.test(before) && LETTER.test(following)) return false;
  if (INSIDE.includes(before) && LETTER.test(after) && place > 1 && LETTER.test(text[place - 2])) return false;
  if (PUNCTUATION.test(before) || PUNCTUATION.test(after)) return true;
  return [before, after].every((own) => /\p{Lo}/u.test(own)) && [before, after].some((own) => IDEOGRAPH.test(own));
}
