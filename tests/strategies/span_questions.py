"""What tests draw from: contexts of sentences, and questions whose answers stand in them."""

from hypothesis import strategies as st

from insidebert.text.span_questions import SpanQuestion

WORDS = st.one_of(
    st.sampled_from(["null", "yes", "caf\u00e9", "a\u2028b", "\u732b", "$5", "Dr", "[SEP]", "1e5", '"x"']),
    st.text(st.characters(exclude_categories=("Cs", "Cc", "Z")), min_size=1, max_size=6),
)


@st.composite
def span_questions(draw, least: int = 1) -> list[SpanQuestion]:
    """Questions of all shapes that a data set may hold; their ids differ."""
    found = []
    for i in range(draw(st.integers(least, 4))):
        words = draw(st.lists(WORDS, min_size=1, max_size=12))
        starts = [sum(len(word) + 1 for word in words[:place]) for place in range(len(words))]
        places = draw(st.lists(st.integers(0, len(words) - 1), min_size=1, max_size=3, unique=True))
        answers = tuple((words[place], starts[place]) for place in places)
        facts = tuple((starts[place], starts[place] + len(words[place])) for place in sorted(places))
        about = (draw(st.sampled_from([None, 1, 2])), draw(WORDS), draw(st.sampled_from(["", "one hop"])))
        found.append(SpanQuestion(f"q{i}", draw(WORDS), " ".join(words), answers, facts, *about))
    return found
