// What needs no browser: `node --test` in this folder.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import test from "node:test";
import { CHINESE } from "./chinese.js";
import { clicked, confusion, questionOf } from "./confusion.js";
import { distance, grouped, Maps } from "./maps.js";
import { decoded, predicted, softmax } from "./probe.js";
import { csv } from "./save.js";
import { fitted, fromHash, START, toHash } from "./state.js";
import { STATISTICS, surface } from "./surface.js";
import { swapped } from "./swapping.js";
import { say, speak } from "./words.js";

const here = new URL(".", import.meta.url);
const near = (found, expected) => found.forEach((value, place) => assert.ok(Math.abs(value - expected[place]) < 1e-6, `${found} is not ${expected}`));

test("between words: the sum to a word, the mean from it", () => {
  const maps = new Maps(Float32Array.from([0.5, 0.5, 0, 0.2, 0.3, 0.5, 0.4, 0.2, 0.4]), 1, 1, ["a", "b", "##c"]);
  const words = maps.byWord([0, 1, 1], ["a", "bc"]);
  near(Array.from(words.of(0, 0)), [0.5, 0.5, 0.3, 0.7]);
  assert.deepEqual(words.names, ["a", "bc"]);
});

test("special pieces stand for themselves", () => {
  assert.deepEqual(grouped([-1, 0, 0, -1, -1]).map(({ places }) => places), [[0], [1, 2], [3], [4]]);
});

test("confusion: a quarter of what goes to both is two bits", () => {
  const maps = new Maps(Float32Array.from([0, 0.5, 0.5, 0.5, 0, 0.5, 0.2, 0.6, 0.2]), 1, 1, ["a", "b", "c"]);
  near(confusion(maps, [0, 1, 2], { target: 2, triggers: [[0], [1]] }), [2]);
  const none = new Maps(new Float32Array(9), 1, 1, ["a", "b", "c"]);
  none.values[7] = 1;
  assert.equal(confusion(none, [0, 1, 2], { target: 2, triggers: [[0], [1]] })[0], Infinity);
});

test("there is one target, and neighbouring distractors are one phrase", () => {
  let roles = clicked({}, 5, "target");
  roles = clicked(roles, 6, "target");
  assert.deepEqual(roles, { 6: "target" });
  assert.equal(questionOf(roles), null);
  roles = { ...roles, 0: "trigger", 2: "distractor", 3: "distractor", 10: "distractor" };
  assert.deepEqual(questionOf(roles), { target: 6, triggers: [[0], [2, 3], [10]] });
  assert.deepEqual(clicked({ 6: "target" }, 6, "target"), {});
});

test("an even spread has the greatest entropy", () => {
  const size = 4;
  const maps = new Maps(new Float32Array(size ** 2).fill(0.25), 1, 1, ["[CLS]", "a", ".", "[SEP]"]);
  const [[found]] = surface(maps, new Float32Array(size).fill(1), maps.names);
  assert.deepEqual(Object.keys(found), STATISTICS);
  near([found.entropy, found["to [SEP]"], found["norm to . or ,"], found["largest share"]], [Math.log(4), 0.25, 0.25, 0.25]);
});

test("norms weigh what is moved", () => {
  const maps = new Maps(new Float32Array(9).fill(1 / 3), 1, 1, ["[CLS]", "a", "[SEP]"]);
  const [[found]] = surface(maps, Float32Array.from([1, 2, 0]), maps.names);
  near([found["norm to [CLS]"], found["norm to [SEP]"]], [1 / 3, 0]);
});

test("distance: 0 for the same, 1 for everything elsewhere", () => {
  near([distance([1, 0, 0, 1], [1, 0, 0, 1], 2), distance([1, 0, 0, 1], [0, 1, 1, 0], 2)], [0, 1]);
});

test("the probe points at the piece of the highest logit, layer by layer", () => {
  const states = { data: Float32Array.from([1, 0, 0, 1, 0, 1, 1, 0]), shape: [2, 2, 2] };
  assert.deepEqual(predicted(states, Float32Array.from([1, 0, 1, 0])).map(({ place }) => place), [0, 1]);
  near(softmax([0, Math.log(3)]), [0.25, 0.75]);
  near(Array.from(decoded("AACAPwAAAMA=")), [1, -2]);
});

test("a link holds the state, and the start needs none", () => {
  assert.equal(toHash({ ...START }), "");
  const state = {
    model: "minilm-l6", sentence: "a & b=c #d 中文 +", layer: 2, head: 11, level: "word", word: 3, roles: { 0: "target", 12: "distractor" },
    swap: { word: 1, by: "x:y" }, hidden: 0, off: ["1-2", "6-12"], language: "zh",
  };
  assert.deepEqual(fromHash(`#${toHash(state)}`), state);
  assert.deepEqual(fromHash(`#${toHash({ ...START, roles: {} })}`), { ...START, roles: {} });
});

test("a link that cannot be read changes nothing; another sentence has no roles", () => {
  assert.deepEqual(fromHash("#h=x&w=-3&r=9q&x=nothing&o=a&l=de&v=letter&m=<b>"), START);
  assert.deepEqual(fromHash("#s=Hello").roles, {});
});

test("what a model or a sentence does not have is dropped", () => {
  const state = { ...START, layer: 99, head: 0, off: ["7-1", "6-12"], roles: { 2: "target", 9: "trigger" }, swap: { word: 5, by: "x" }, hidden: 4 };
  const found = fitted(state, { layers: 6, heads: 12 }, 4);
  assert.deepEqual([found.layer, found.head, found.off, found.roles, found.swap, found.hidden], [6, 1, ["6-12"], { 2: "target" }, null, -1]);
});

test("swapping replaces one word", () => {
  assert.deepEqual(swapped(["a", "b", "a"], { word: 2, by: "c" }), ["a", "b", "c"]);
});

test("CSV quotes what needs it, and no cell is a formula", () => {
  assert.equal(csv([["a,b", 'say "x"'], ["=1+1", -0.5]]), '"a,b","say ""x"""\r\n\'=1+1,-0.5\r\n');
});

test("every text that the page says has its Chinese, with as many places", () => {
  const said = new Set();
  for (const name of readdirSync(here).filter((name) => /\.(js|html)$/.test(name) && !name.includes(".test."))) {
    const text = readFileSync(new URL(name, here), "utf8");
    for (const [, english] of text.matchAll(/\bsay\(\s*"((?:[^"\\]|\\.)*)"/g)) said.add(JSON.parse(`"${english}"`));
    for (const [, english] of text.matchAll(/data-say="([^"]*)"/g)) said.add(english);
  }
  const places = (text) => text.split("{}").length;
  for (const english of said) {
    assert.ok(english in CHINESE, `no Chinese for: ${english}`);
    assert.equal(places(CHINESE[english]), places(english), english);
  }
  for (const name of STATISTICS) assert.ok(name in CHINESE, name);
});

test("values are put in as they are", () => {
  speak("zh");
  assert.equal(say("head {}", "$&"), "头 $&");
  speak("en");
  assert.equal(say("From “{}”: {} or {}?", "a", "{}", "b"), "From “a”: {} or b?");
});
