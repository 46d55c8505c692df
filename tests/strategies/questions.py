"""What tests draw from: texts and files of every format that the readers know."""

from hypothesis import strategies as st

# --- questions ---

TEXTS = st.one_of(
    st.sampled_from(["null", "None", "NA", "nan", "$5 or $6", "[SEP]", "a\u2028b", "caf\u00e9", "1e5", "true"]),
    st.text(st.characters(exclude_categories=("Cs", "Cc", "Z")), min_size=1, max_size=12),
)


@st.composite
def option_lists(draw, least: int = 2, most: int = 5) -> tuple[list[str], int]:
    """Options that differ, and the place of the right one."""
    options = draw(st.lists(TEXTS, min_size=least, max_size=most, unique_by=str.strip))
    return options, draw(st.integers(0, len(options) - 1))


@st.composite
def asked(draw) -> list[dict]:
    """Passages with questions: {passage, questions: [(question, options, answer)]}."""
    question = st.tuples(TEXTS, option_lists())
    return draw(st.lists(st.tuples(TEXTS, st.lists(question, min_size=1, max_size=3)), min_size=1, max_size=3))
