"""What the paper prints, as data, and the names of its relations."""

from importlib.resources import files

import yaml

PAPER = "Clark et al. (2019)"
PRINTED = yaml.safe_load((files("insidebert.papers.look_at") / "printed.yml").read_text(encoding="utf-8"))
RELATIONS = {
    "all": "all words",
    "acomp": "adjectival complement",
    "advcl": "adverbial clause",
    "advmod": "adverbial modifier",
    "amod": "adjective of a noun",
    "appos": "apposition",
    "aux": "auxiliary",
    "auxpass": "passive auxiliary",
    "cc": "coordinating word",
    "ccomp": "clause as complement",
    "conj": "conjunct",
    "cop": "copula",
    "coreference": "coreference",
    "dep": "unclear",
    "det": "determiner",
    "discourse": "discourse element",
    "dobj": "direct object",
    "iobj": "indirect object",
    "mark": "word that opens a clause",
    "mwe": "fixed expression",
    "neg": "negation",
    "nn": "noun that modifies a noun",
    "npadvmod": "noun phrase as adverbial",
    "nsubj": "subject",
    "nsubjpass": "passive subject",
    "num": "numeral",
    "parataxis": "parataxis",
    "pcomp": "clause after a preposition",
    "pobj": "object of a preposition",
    "poss": "possessor",
    "possessive": "possessive 's",
    "prep": "preposition",
    "prt": "particle of a verb",
    "quantmod": "quantifier modifier",
    "rcmod": "relative clause",
    "tmod": "time",
    "vmod": "verb that modifies a noun",
    "xcomp": "complement without a subject",
}
"""Stanford relations in words; others stand for themselves."""


def in_words(relation: str) -> str:
    """A relation in words, or its label."""
    return RELATIONS.get(relation, relation)
