"""Sentences, folding and quotes: the laws that every span relies on."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from pipeline.records import Span
from pipeline.text import (
    fold,
    fold_with_offsets,
    normalise,
    quote_span,
    sentence_at,
    sentences,
)

PROSE = st.text(
    alphabet=st.one_of(
        st.sampled_from(list("abc ABC .,;:!?\n\"'()-–’“”0123456789")),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=300,
)


@given(PROSE)
def test_sentences_are_trimmed_ordered_and_leave_only_white_space_out(text: str) -> None:
    spans = sentences(text)
    at = 0
    for span in spans:
        assert text[at : span.start].strip() == ""
        assert span.of(text) == span.of(text).strip() != ""
        at = span.end
    assert text[at:].strip() == ""


@given(PROSE, st.integers(1, 12), st.data())
def test_a_quote_stays_in_its_sentence_and_within_the_word_limit(
    text: str, limit: int, data: st.DataObject
) -> None:
    for span in sentences(text):
        start = data.draw(st.integers(span.start, span.end - 1))
        end = data.draw(st.integers(start + 1, span.end))
        quote = quote_span(text, span, Span(start=start, end=end), limit)
        assert span.start <= quote.start < quote.end <= span.end
        assert len(quote.of(text).split()) <= limit


@given(PROSE)
def test_folded_offsets_grow_and_end_at_the_end(text: str) -> None:
    folded, offsets = fold_with_offsets(text)
    assert len(offsets) == len(folded) + 1
    assert offsets == sorted(offsets)
    assert offsets[-1] == len(text)


@given(PROSE)
def test_folding_and_normalising_twice_is_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert normalise(normalise(text)) == normalise(text)
    assert unicodedata.is_normalized("NFC", normalise(text))


def test_abbreviations_initials_and_numbers_do_not_end_sentences() -> None:
    text = (
        "Wali Kota H. Ridwan Kamil, S.T. hadir pukul 12.30 WIB. Dr. John F. Smith of St. Louis, "
        'Mo., agreed. "Ini baik," kata dia. Rp 1.500.000 habis.\nSister city sejak 1985'
    )
    assert [s.of(text) for s in sentences(text)] == [
        "Wali Kota H. Ridwan Kamil, S.T. hadir pukul 12.30 WIB.",
        "Dr. John F. Smith of St. Louis, Mo., agreed.",
        '"Ini baik," kata dia.',
        "Rp 1.500.000 habis.",
        "Sister city sejak 1985",
    ]


def test_a_long_sentence_is_quoted_at_clause_bounds_around_its_focus() -> None:
    clauses = [f"clause number {i} has some six words" for i in range(20)]
    text = "; ".join(clauses) + "."
    sentence = sentences(text)[0]
    at = text.index("number 12")
    quote = quote_span(text, sentence, Span(start=at, end=at + 9))
    assert "number 12" in quote.of(text)
    assert quote.of(text).startswith("clause number")
    assert len(quote.of(text).split()) <= 60


def test_sentence_at_finds_the_sentence_of_an_offset() -> None:
    text = "One here. Two here. Three."
    spans = sentences(text)
    assert [sentence_at(spans, text.index(w)) for w in ("One", "Two", "Three")] == [0, 1, 2]


def test_fold_opens_strokes_and_drops_accents() -> None:
    assert fold("Łódź  MALMÖ Øresund") == "lodz malmo oresund"
