"""The book's explorer in a real Chromium, against Python: pieces, maps, surface statistics, confusion, guesses.

`make test-browser` runs these on what `make book` left in build/explorer.
"""

import base64
import hashlib
import json

import numpy as np
import pytest

import insidebert as ib
from book.explorer.models import OFFERED, TOLERATED
from insidebert.explore.sentence import attention_table, look
from insidebert.measure.surface import STATISTICS
from insidebert.models.encoding import encode_every, hidden_states
from insidebert.papers.open_sesame.sentences import trigger_questions
from insidebert.text.words import words_of
from tests.test_browser import PATHS, kept, page, pytestmark, served

__all__ = ["page", "pytestmark"]

FOLDER = PATHS.build / "explorer" / "page"
pytestmark = [*pytestmark, pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no explorer in {FOLDER}; `make book`")]
TIMEOUT = 60_000

SENTENCES = (
    "The girl near the dogs does sleep.",
    "The girl's well-known dog, it sleeps.",
    "Élodie's naïve café façade cost 1,000 €.",
    "ÅNGSTRÖM Straße İstanbul ŒUVRE ﬁne",
    "I ❤️ you 🙂👩‍👩‍👧 and 🇫🇷!",
    "我喜欢语言学，你呢？",
    "GPT-4和BERT都是模型。",
    "日本語のテキスト、カタカナ",
    "antidisestablishmentarianism pneumonoultramicroscopicsilicovolcanoconiosis",
    "x" * 120 + " is a word",
    "[CLS] is not [SEP] nor [MASK] here",
    "<b>bold</b> & \"quotes\" 'single' ‘curly’ “double”",
    "e\u0301te\u0301 cafe\u0301 \u0301 alone",
    "tab\tand\u00a0no-break\u3000wide\u200bzero",
    "अनुच्छेद हिन्दी में",
    "مرحبا بالعالم",
    "don't can't won't o'clock rock-'n'-roll --- ...",
    "A.B.C. 3.14 50% $5 #tag @home a_b c/d",
    "\u4e00\u3400\U00020000 한국어 문장",
    "Zero\u00adsoft hy\u2010phen \ufeffmark \x07bell",
)

OPEN = """async ([id]) => {
    const [{ Tokenizer }, { Pieces }, { Runtime, fetched }, { Looker }] = await Promise.all(
        ["vendor/tokenizers.min.mjs", "tokenizer.js", "model.js", "look.js"].map((name) => import(`/${name}`)));
    const cards = await (await fetch("/models/models.json")).json();
    const card = cards.find((card) => card.id === id);
    const file = await (await fetch(`/models/${card.tokenizer.file}`)).json();
    const runtime = new Runtime();
    const bytes = await fetched(new URL(`/models/${card.model.file}`, location), card.model, () => {});
    await runtime.load(bytes);
    window.opened = new Looker(runtime, new Pieces(Tokenizer, file), card);
}"""

PIECES = """async ([name, sentences]) => {
    const { Tokenizer } = await import("/vendor/tokenizers.min.mjs");
    const { Pieces } = await import("/tokenizer.js");
    const pieces = new Pieces(Tokenizer, await (await fetch(`/models/${name}.tokenizer.json`)).json());
    return sentences.map((sentence) => {
        const words = pieces.words(sentence);
        return { words, ...pieces.encode(words) };
    });
}"""

TOLD = """async ([words, how]) => {
    const text = (values) => {
        const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
        let letters = "";
        for (let i = 0; i < bytes.length; i += 8192) letters += String.fromCharCode(...bytes.subarray(i, i + 8192));
        return btoa(letters);
    };
    const seen = await window.opened.at(words, how);
    const byWord = seen.maps.byWord(seen.owners, words);
    return {
        ids: seen.ids, maps: text(seen.maps.values), states: text(seen.states.data), logits: text(seen.logits),
        byWord: text(byWord.values), surface: seen.surface,
    };
}"""


@pytest.fixture
def site(page):
    """The page on the explorer's folder, on a blank page of it."""
    page.set_default_timeout(TIMEOUT)
    with served(FOLDER) as address:
        page.goto(address + "explorer.css")
        yield page


def told(site, words, **how) -> dict:
    """What the page's modules tell of a sentence, arrays as arrays."""
    found = site.evaluate(TOLD, [list(words), how])
    arrays = {
        name: np.frombuffer(base64.b64decode(found[name]), np.float32)
        for name in ("maps", "states", "logits", "byWord")
    }
    return found | arrays


@pytest.mark.parametrize("name", ["distilbert-cased", "minilm-l6"])
def test_words_and_pieces_are_those_of_python(site, name):
    model = ib.load(name)
    for sentence, found in zip(SENTENCES, site.evaluate(PIECES, [name, list(SENTENCES)]), strict=True):
        words = words_of(model.tokenizer, sentence)
        encoded = encode_every(model, [words], special=True)
        assert found["words"] == list(words), sentence
        assert found["ids"] == encoded.ids[0].tolist(), sentence
        assert found["owners"] == encoded.words[0].tolist(), sentence


@pytest.mark.parametrize("offered", OFFERED[:3], ids=lambda offered: offered.id)
def test_numbers_are_those_of_python(site, offered):
    model, storage = ib.load(offered.name), offered.storage
    site.evaluate(OPEN, [offered.id])
    within = TOLERATED[storage]
    asked = trigger_questions("agreement", 1)[:12] + trigger_questions("reflexive", 1)[:8]
    for question in asked:
        seen, view = told(site, question.words), look(model, " ".join(question.words))
        shape = view.maps.shape
        assert np.abs(seen["maps"].reshape(shape) - view.maps).max() < within
        table = attention_table(view).to_numpy()
        assert np.abs(seen["byWord"].reshape(*shape[:2], *table.shape).mean((0, 1)) - table).max() < within
        surface = view.surface.set_index(["layer", "head", "statistic"])["value"]
        mine = [seen["surface"][layer][head][name] for layer in range(6) for head in range(12) for name in STATISTICS]
        differences = np.abs(np.array(mine) - surface.to_numpy()).reshape(6, 12, -1)
        entropies = np.array(["entropy" in name for name in STATISTICS])
        assert differences[..., ~entropies].max() < within
        assert differences[..., entropies].max() < 4 * within  # in nats, where a map's largest value is about 3
        if storage == "codes":
            assert (
                np.abs(bits_on_the_page(site, question) - ib.confusion_scores(model, [question]).layers[0]).max() < 1e-4
            )
            states = hidden_states(model, [question.words]).values[1:].float().numpy()
            assert np.abs(seen["states"].reshape(states.shape) - states).max() < 0.01  # Python's are half precision


def bits_on_the_page(site, question) -> np.ndarray:
    script = """async ([words, target, triggers]) => {
        const { confusion } = await import("/confusion.js");
        const seen = await window.opened.at(words);
        return confusion(seen.maps, seen.owners, { target, triggers });
    }"""
    return np.array(
        site.evaluate(script, [list(question.words), question.target, [list(t) for t in question.triggers]])
    )


def opened(page, address: str, state: str = "") -> None:
    """The page itself, once it has drawn what its link asks for."""
    page.goto(f"{address}index.html#{state}")
    page.wait_for_function("document.documentElement.dataset.ready")


def test_the_page_is_used(page, tmp_path):
    """Types, chooses by keyboard, clicks roles, swaps a word, switches a head off; then without the server."""
    page.set_default_timeout(TIMEOUT)
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: said.type == "error" and faults.append(said.text))
    model = ib.load("distilbert-cased")
    with served(FOLDER) as address:
        page.route(lambda url: url.startswith("http") and not url.startswith(address), lambda route: route.abort())
        opened(page, address)
        kept(page, "live-explorer")
    # from here on there is no server
    sentence = "The author that the guards like does laugh."
    page.get_by_label("Sentence", exact=True).fill(sentence)
    page.get_by_label("Sentence", exact=True).press("Enter")
    page.get_by_text("9 words, 11 pieces").wait_for()
    page.locator('[data-key="head 4-5"]').press("ArrowRight")
    page.get_by_role("heading", name="Head 4-6").wait_for()
    for word, role in ((0, "trigger"), (1, "trigger"), (3, "distractor"), (4, "distractor"), (6, "target")):
        page.locator(f'[data-key="role {role}"]').click()
        page.locator(f'[data-key="role of {word}"]').click()
        page.locator(f'[data-key="role of {word}"][aria-pressed=true]').wait_for()
    page.locator("#confusion summary").click()
    page.locator("#confusion tbody td").first.wait_for()
    shown = [float(cell) for cell in page.locator("#confusion tbody td:nth-child(2)").all_inner_texts() if cell]
    expected = ib.confusion_score(model, sentence, "does", ["The author", "the guards"])
    assert np.abs(np.array(shown) - expected).max() < 2e-4

    page.locator('[data-key="swap 4"]').click()
    page.get_by_label("In place of “guards”").fill("guard")
    page.get_by_role("button", name="Swap", exact=True).click()
    page.get_by_text("Moved most by the swap: ").wait_for()
    page.locator('[data-key="switch"]').click()
    page.get_by_text("Switched off: 4-6.").wait_for()
    page.locator('[data-key="hide 6"]').click()
    page.get_by_text("Guesses for “does”").wait_for()
    page.get_by_label("Shown by").select_option("word")
    page.locator('[data-key="end 1"]').wait_for()
    link = page.url
    page.get_by_role("button", name="中文").click()
    page.get_by_text("所有头").first.wait_for()
    with page.expect_download() as download:
        page.locator('[data-key="page"]').click()
    saved = tmp_path / "saved.html"
    download.value.save_as(saved)
    assert "<script" not in saved.read_text(encoding="utf-8")
    assert link.split("#")[1] in saved.read_text(encoding="utf-8").replace("&amp;", "&").replace("&l=zh", "")
    assert not faults


def test_a_link_holds_the_whole_view(page):
    page.set_default_timeout(TIMEOUT)
    state = "m=minilm-l6-small&s=The+dogs+near+her+car+do+bark.&h=2-3&v=word&r=1a,4d,5t&x=1%3Acats&k=3&o=2-3,3-1&l=zh"
    with served(FOLDER) as address:
        opened(page, address, state)
        page.get_by_text("2-3, 3-1").first.wait_for()
        assert page.locator("#sentence").input_value() == "The dogs near her car do bark."
        assert page.locator("html").get_attribute("lang") == "zh-CN"
        assert page.locator('[data-key="head 2-3"]').get_attribute("aria-pressed") == "true"
        assert page.locator("#by").input_value() == "cats"


MODEL = "**/models/minilm-l6-small.onnx"
WITHOUT = "delete globalThis.WebAssembly"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda page: page.route(MODEL, lambda route: route.fulfill(body=b"onnx" * 1000)), "is damaged"),
        (lambda page: page.route(MODEL, lambda route: route.fulfill(status=404)), "is not there"),
        (lambda page: page.route("**/models.json", lambda route: route.fulfill(status=404)), "is not there"),
        (lambda page: page.add_init_script(WITHOUT), "has no WebAssembly"),
    ],
    ids=["truncated", "no model", "no list", "no WebAssembly"],
)
def test_what_cannot_be_done_is_said(page, spoil, said):
    page.set_default_timeout(TIMEOUT)
    spoil(page)
    with served(FOLDER) as address:
        page.goto(f"{address}index.html#m=minilm-l6-small")
        page.locator("#refused", has_text=said).wait_for()
        assert page.locator("#sections").is_hidden()


def test_a_file_that_is_no_model_is_refused(page):
    """The right size and checksum, and still nothing that can be run."""
    page.set_default_timeout(TIMEOUT)
    cards = json.loads((FOLDER / "models" / "models.json").read_text())
    body = b"not a model" * 10
    for card in cards:
        card["model"] |= {"bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}
    page.route("**/models.json", lambda route: route.fulfill(json=cards))
    page.route("**/*.onnx", lambda route: route.fulfill(body=body))
    with served(FOLDER) as address:
        page.goto(f"{address}index.html")
        page.locator("#refused", has_text="could not be run").wait_for()
