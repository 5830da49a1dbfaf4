"""Organisation names by their head words: "Universitas X", "X University of Y", "PT X", "X Inc.".

In: a run of capitalised words and the grammar. Out: `Found` spans with kind and evidence. The
rules: an Indonesian head opens its name; an English one has its name before it, after its "of" or
on both sides; "and" joins only nouns of activity ("Trade and Industry"), never two parties.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pipeline.taggers.organisation_bounds import is_possessive, left_end, right_end
from pipeline.taggers.organisation_runs import Run, Token
from pipeline.taggers.organisation_types import VENUE, Grammar, Head

OPENING = frozenset(("before", "agency", "office", "legal_before"))
# A head this short is an acronym and stands in capitals ("PT", "RS", "AG"; "Rs 4,000" is money),
# but for these.
_SHORT, _MIXED = 2, frozenset(("co", "oy", "tv"))
_STRONG, _PLAIN, _WEAK = (
    0.9,
    0.8,
    0.5,
)  # legal form or long head; ordinary head; a head that is also a plain word
# a weak head needs this many name words before it: "Borneo Fast Ferry", not "Renewable Energy"
_WEAK_WORDS = 2


class Found(NamedTuple):
    """A name found by rule: code points ``[start, end)``, its head, and why.

    ``is_led``: an office stands before it, so that in Indonesian its holder may stand after it.
    """

    start: int
    end: int
    kind: str
    score: float
    evidence: str
    head: Head | None = None
    country: str | None = None
    is_led: bool = False


class _Match(NamedTuple):
    first: int
    last: int
    head: Head


def find_heads(run: Run, grammar: Grammar, language: str) -> list[Found]:
    """Return the organisation names in one run, in order, never overlapping."""
    if grammar.heads.keys().isdisjoint(run.lows) and not run.has_hyphen:
        return []
    tokens = run.tokens
    matches = list(_match_heads(tokens, grammar, language))
    heads = {i for m in matches for i in range(m.first, m.last) if m.head.place in OPENING}
    found: list[tuple[int, int, Found]] = []
    for match in matches:
        bounds = _bounds(tokens, match, grammar, heads)
        if bounds is None:
            continue
        first, last = bounds
        one = _found(tokens, first, last, match)
        if found and first < found[-1][1]:
            found[-1] = _merge(found[-1], (first, last, one), tokens)
        else:
            found.append((first, last, one))
    return [
        one
        for first, last, one in found
        if one.kind != VENUE and not _is_thing(tokens[first:last], one.head, grammar)
    ]


def _match_heads(tokens: Sequence[Token], grammar: Grammar, language: str) -> Iterator[_Match]:
    index = 0
    while index < len(tokens):
        token = tokens[index]
        heads = grammar.heads.get(token.low) if token.is_name else None
        if heads is None and "-" in token.low and (compound := _compound(token, grammar)):
            yield _Match(index, index + 1, compound)
        fitting = [h for h in heads or () if _fits(tokens, index, h)]
        if not fitting:
            index += 1
            continue
        longest = len(fitting[0].words)
        match = _choose(tokens, index, [h for h in fitting if len(h.words) == longest], language)
        yield match
        index = match.last


def _compound(token: Token, grammar: Grammar) -> Head | None:
    """Return the head that closes a hyphenated name: "Konrad-Adenauer-Stiftung"."""
    for head in grammar.heads.get(token.low.rpartition("-")[2], ()):
        if head.place == "around" and len(head.words) == 1 and not head.is_weak:
            return Head((token.low,), head.kind, "compound")
    return None


def _fits(tokens: Sequence[Token], index: int, head: Head) -> bool:
    words = head.words
    if len(words[0]) <= _SHORT and words[0] not in _MIXED and not tokens[index].is_shouted:
        return False
    return len(words) == 1 or tuple(t.low for t in tokens[index : index + len(words)]) == words


def _choose(tokens: Sequence[Token], index: int, heads: Sequence[Head], language: str) -> _Match:
    """Choose between two readings of one word.

    "Bank Jatim" opens a name, "World Bank" closes it.
    """
    last = index + len(heads[0].words)
    follows = last < len(tokens) and tokens[last].is_name
    precedes = index > 0 and tokens[index - 1].is_name
    opens = follows and (language != "en" or not precedes)
    fitting = [h for h in heads if (h.place in OPENING) == opens] or list(heads)
    return _Match(index, last, fitting[0])


def _bounds(
    tokens: Sequence[Token], match: _Match, grammar: Grammar, openers: set[int]
) -> tuple[int, int] | None:
    """Return the tokens of the name around a head; nothing if it stands alone."""
    place = match.head.place
    if place in OPENING:
        first, last = match.first, right_end(tokens, match.last, grammar, openers, direct=True)
        return (first, last) if last > match.last or place == "office" else None
    if place == "compound":
        return match.first, match.last
    first = left_end(tokens, match.first, grammar, openers)
    if place == VENUE:
        return first, right_end(tokens, match.last, grammar, openers, direct=True)
    if place == "legal_after":
        return (first, match.last) if first < match.first else None
    last = right_end(tokens, match.last, grammar, openers, direct=len(match.head.words) > 2)
    named = match.first - first
    if match.head.is_weak and named < _WEAK_WORDS and last == match.last:
        return None
    only_fields = (
        all(t.low in grammar.fields for t in tokens[first : match.first]) and last == match.last
    )
    if (
        only_fields
        and place == "around"
        and named <= 1
        and match.head.kind != "national_government"
    ):
        return None  # "Business School", "Trade Association": a kind of thing, not one of them
    return (first, last) if last - first > match.last - match.first else None


def _found(tokens: Sequence[Token], first: int, last: int, match: _Match) -> Found:
    head = match.head
    if head.place.startswith("legal") or len(head.words) > 1:
        score = _STRONG
    else:
        score = _WEAK if head.is_weak else _PLAIN
    word = " ".join(head.words)
    evidence = f"legal form {word}" if head.place.startswith("legal") else f"head {word}"
    country = head.country if head.place.startswith("legal") else None
    return Found(
        tokens[first].start, _end(tokens[last - 1]), head.kind, score, evidence, head, country
    )


def _end(token: Token) -> int:
    """Return where a token's name ends: without a possessive."""
    return token.end - 2 if is_possessive(token) else token.end


def _merge(
    one: tuple[int, int, Found], two: tuple[int, int, Found], tokens: Sequence[Token]
) -> tuple[int, int, Found]:
    """Join two readings of one name.

    A legal form decides; else a head that opens the name; else the last.
    """
    first, last = min(one[0], two[0]), max(one[1], two[1])
    head = one[2].head
    opens = head is not None and (head.place in OPENING or tokens[one[0]].low == head.words[0])
    venue = next((x[2] for x in (one, two) if x[2].kind == VENUE), None)
    keep = two[2] if two[2].evidence.startswith("legal") or not opens else one[2]
    keep = venue or keep
    start, end = tokens[first].start, _end(tokens[last - 1])
    score = max(one[2].score, two[2].score)
    return first, last, keep._replace(start=start, end=end, score=score)


def _is_thing(tokens: Sequence[Token], head: Head | None, grammar: Grammar) -> bool:
    """Tell whether the run names an event or a paper and not an organisation.

    Before a head of two words or more the word of a thing says what the body is about: "River
    Cities Network", "Legal Defense Fund".
    """
    if head is not None and head.place == "around" and len(head.words) > 1:
        lows = [t.low for t in tokens]
        at = next(
            (i for i in range(len(lows)) if tuple(lows[i : i + len(head.words)]) == head.words), 0
        )
        tokens = tokens[at + len(head.words) :]
    return any(t.low in grammar.not_names for t in tokens)
