// The page: what it is asked becomes a state, the state a link, and every section is drawn from both.

import { Tokenizer } from "./vendor/tokenizers.min.mjs";
import { make } from "./dom.js";
import { drawConfusion } from "./confusing.js";
import { drawHead } from "./head.js";
import { drawHeads } from "./heads.js";
import { Looker } from "./look.js";
import { fetched, Refused, Runtime } from "./model.js";
import { drawProbe } from "./probing.js";
import { snapshot, saved } from "./save.js";
import { fitted, fromHash, START, toHash } from "./state.js";
import { drawStatistics } from "./statistics.js";
import { drawSwap, swapped } from "./swapping.js";
import { drawSwitches } from "./switching.js";
import { Pieces } from "./tokenizer.js";
import { refusal, weightsInWords } from "./told.js";
import { say, speak } from "./words.js";

const LONGEST = 48; // pieces of a sentence whose pictures can still be read
const $ = (id) => document.getElementById(id);
const place = (name) => new URL(name, import.meta.url);

let state = START;
let cards = [];
let measured = null; // what the book's tables say, and the probe's weights
let runtime = null;
let looker = null; // of the model that is loaded
let turn = 0; // counts what was asked; an answer to an older question is not shown

/** Change the state, and draw; `focus` is the key of the element that is to have the focus then. */
function change(parts, focus = document.activeElement?.dataset.key) {
  state = { ...state, ...parts };
  return update(focus);
}

async function update(focus) {
  const own = ++turn;
  speak(state.language);
  drawFrame();
  try {
    const card = cards.find(({ id }) => id === state.model) ?? cards[0];
    if (looker?.card !== card) looker = await opened(card);
    const start = performance.now();
    const words = looker.pieces.words(state.sentence);
    state = fitted(state, card, words.length);
    refuseLength(words, card);
    const view = await looker.at(words);
    if (own !== turn) return;
    const byWord = view.maps.byWord(view.owners, words);
    const maps = state.level === "word" ? byWord : view.maps;
    const shown = { ...view, whole: view.maps, maps, byWord, state: { ...state, word: state.word < maps.size ? state.word : -1 } };
    Object.assign(shown, { change, card, looker, measured });
    drawHeads($("heads"), shown);
    drawHead($("head"), shown);
    drawStatistics($("statistics"), shown);
    $("sections").hidden = false;
    $("refused").hidden = true;
    $("computed").textContent = say("{} words, {} pieces; computed here in {} ms, drawn after {} ms", words.length,
      view.ids.length, Math.round(view.milliseconds), Math.round(performance.now() - start));
    await drawRest(shown, words, own);
  } catch (error) {
    if (own === turn) refuse(error);
  }
  if (own !== turn) return;
  history.replaceState(null, "", `#${toHash(state)}`);
  $("book").href = state.language === "zh" ? "../start.zh.html" : "../index.html";
  $("about").href = state.language === "zh" ? "../explorer.zh.html" : "../explorer.html";
  if (focus) document.querySelector(`[data-key="${CSS.escape(focus)}"]`)?.focus({ preventScroll: true });
  document.documentElement.dataset.ready = String(own);
}

/** The sections that need more than one look at the sentence. */
async function drawRest(shown, words, own) {
  const { off, hidden, swap } = state;
  const at = (wanted, ...how) => (wanted ? looker.at(...how) : null);
  const bare = await looker.at(words, { special: false });
  const without = await at(off.length, words, { off });
  const guessed = await at(hidden >= 0, words, { hidden });
  const guessedWithout = await at(hidden >= 0 && off.length, words, { hidden, off });
  const others = swap ? swapped(words, swap) : [];
  const second = await at(swap, others);
  if (own !== turn) return;
  const all = { ...shown, bare, without, guessed, guessedWithout, other: second?.maps.byWord(second.owners, others) };
  drawConfusion($("confusion"), all);
  drawSwap($("swap"), all);
  drawProbe($("probe"), all);
  drawSwitches($("switches"), all);
}

function refuseLength(words, card) {
  if (!words.length) throw new Refused("empty");
  const pieces = looker.pieces.encode(words).ids.length;
  if (pieces > Math.min(LONGEST, card.limit)) throw new Refused("too long", `${pieces} / ${Math.min(LONGEST, card.limit)}`);
}

/** Load a model and its tokenizer, with progress. */
async function opened(card) {
  looker = null;
  $("sections").hidden = true;
  $("refused").hidden = true;
  $("computed").textContent = "";
  const tell = (share) => {
    $("loading").hidden = false;
    $("progress").value = share;
    $("loading-text").textContent = share < 1 ? say("Loading {}: {} of {} MB", card.id, Math.round(share * card.model.bytes / 1e6), Math.round(card.model.bytes / 1e6))
      : say("Opening {} ...", card.id);
  };
  tell(0);
  try {
    runtime ??= new Runtime();
    const tokenizer = await fetched(place(`models/${card.tokenizer.file}`), card.tokenizer, () => {});
    const bytes = await fetched(place(`models/${card.model.file}`), card.model, tell);
    tell(1);
    await runtime.load(bytes);
    return new Looker(runtime, new Pieces(Tokenizer, JSON.parse(new TextDecoder().decode(tokenizer))), card);
  } finally {
    $("loading").hidden = true;
  }
}

function refuse(error) {
  $("refused").textContent = refusal(error);
  $("refused").hidden = false;
  $("sections").hidden = true;
  $("computed").textContent = "";
}

/** Everything around the sections. */
function drawFrame() {
  document.documentElement.lang = state.language === "zh" ? "zh-CN" : "en";
  document.title = say("insidebert explorer");
  for (const element of document.querySelectorAll("[data-say]")) element.textContent = say(element.dataset.say);
  $("language").textContent = state.language === "zh" ? "English" : "中文";
  $("language").lang = state.language === "zh" ? "en" : "zh-CN";
  $("model").replaceChildren(...cards.map((card) =>
    make("option", { value: card.id, selected: card.id === state.model }, `${card.id} (${Math.round(card.model.bytes / 1e6)} MB)`)));
  $("level").replaceChildren(...["piece", "word"].map((level) => make("option", { value: level, selected: level === state.level }, say(`by ${level}`))));
  $("sentence").value = state.sentence;
  $("head-title").textContent = say("Head {}", `${state.layer}-${state.head}`);
  const card = cards.find(({ id }) => id === state.model);
  $("weights").textContent = card ? weightsInWords(card) : "";
}

function listen() {
  $("ask").addEventListener("submit", (event) => {
    event.preventDefault();
    const sentence = $("sentence").value;
    change(sentence === state.sentence ? {} : { sentence, roles: {}, swap: null, hidden: -1, word: -1 });
  });
  $("model").addEventListener("change", (event) => change({ model: event.target.value, off: [], word: -1 }));
  $("level").addEventListener("change", (event) => change({ level: event.target.value, word: -1 }));
  $("language").addEventListener("click", () => change({ language: state.language === "zh" ? "en" : "zh" }));
  $("copy").addEventListener("click", async () => {
    await navigator.clipboard?.writeText(location.href).catch(() => {});
    $("kept").textContent = location.href;
  });
  $("page").addEventListener("click", () => {
    const style = [...document.styleSheets].flatMap(({ cssRules }) => Array.from(cssRules, (rule) => rule.cssText)).join("\n");
    saved("explorer.html", snapshot(document, location.href, style, say("A picture of the explorer as it was. The live page:")), "text/html");
  });
  window.addEventListener("hashchange", () => { state = fromHash(location.hash); update(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => update());
}

async function begin() {
  $("refused").hidden = true;
  state = fromHash(location.hash);
  speak(state.language);
  try {
    const answer = await fetch(place("models/models.json"));
    if (!answer.ok) throw new Refused("missing", "models.json");
    cards = await answer.json();
    measured = await (await fetch(place("models/measured.json"))).json();
    if (!cards.some(({ id }) => id === state.model)) state = { ...state, model: cards[0].id };
  } catch (error) {
    drawFrame();
    refuse(error);
    return;
  }
  listen();
  await update();
}

begin();
