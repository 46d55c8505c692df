"""Which earlier mention does a mention refer back to? The right answers, and three ways to guess (Table 2)."""

from importlib.resources import files

import yaml

from insidebert.text.coreference import Document, Mention

LEXICON = yaml.safe_load((files("insidebert.text") / "mention_lexicon.yml").read_text(encoding="utf-8"))


def antecedents(document: Document) -> dict[int, set[int]]:
    """Mention -> the mentions of the same entity whose head word comes before its own; those without have no entry."""
    found = {}
    for i, mention in enumerate(document.mentions):
        before = {
            j
            for j, other in enumerate(document.mentions)
            if other.entity == mention.entity and other.head < mention.head
        }
        if before:
            found[i] = before
    return found


def baselines(document: Document) -> dict[str, dict[int, int]]:
    """For every mention that has one before it: the mention that each baseline picks.

    nearest: the mention before it. head match: the nearest one before with the same head word. rule-based: four sieves
    (same words; same head word; number, gender and person do not disagree; any), the nearest mention of the first
    sieve that finds one.
    """
    mentions, traits = document.mentions, [_traits(document, mention) for mention in document.mentions]
    texts = [" ".join(document.words[w] for w in mention.words).lower() for mention in mentions]
    heads = [document.words[mention.head].lower() for mention in mentions]
    picks: dict[str, dict[int, int]] = {"nearest": {}, "head match": {}, "rule-based": {}}
    for i, mention in enumerate(mentions):
        before = [j for j in reversed(range(i)) if mentions[j].head < mention.head]
        if not before:
            continue
        sieves = {
            "text": [j for j in before if texts[j] == texts[i]],
            "head": [j for j in before if heads[j] == heads[i]],
            "traits": [
                j for j in before if all(a == b or not a or not b for a, b in zip(traits[i], traits[j], strict=True))
            ],
            "any": before,
        }
        picks["nearest"][i] = before[0]
        if sieves["head"]:
            picks["head match"][i] = sieves["head"][0]
        picks["rule-based"][i] = next(found[0] for found in sieves.values() if found)
    return picks


def _traits(document: Document, mention: Mention) -> tuple[str, str, str]:
    """(number, gender, person); empty where nothing says."""
    word, tag = document.words[mention.head].lower(), document.tags[mention.head]
    if word in LEXICON["pronouns"]:
        return tuple(LEXICON["pronouns"][word])
    joined = any(document.tags[w] == "CC" and w > mention.head for w in mention.words[:-1])
    number = "plural" if tag in ("NNS", "NNPS") or joined else "singular" if tag in ("NN", "NNP") else ""
    before = [w for w in mention.words if w <= mention.head]
    possessors = [w for w in before if document.tags[w] in ("POS", "PRP$")]  # the queen 's brother is no queen
    titles = {document.words[w].lower() for w in before if not possessors or w > possessors[-1]}
    gender = next((gender for gender, words in LEXICON["genders"].items() if titles & set(words)), "")
    return number, gender, "third"
