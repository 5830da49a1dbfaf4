"""Where a name begins and ends around its head: how far the walk goes left and right.

In: the tokens of a run and the place of a head among them. Out: token indexes. "And" joins only
nouns of activity ("Trade and Industry"), never two parties.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.taggers.organisation_runs import Token
from pipeline.taggers.organisation_types import Grammar

# words in a name: "Kementerian Pemberdayaan Perempuan dan Perlindungan Anak Republik Indonesia" has
# 9
_LONGEST = 14
_AND = frozenset(("and", "dan", "&", "und", "et", "y", "e"))
_OF_PLACE = frozenset(("port", "city", "house", "friends"))  # "Port of Rotterdam Authority"
_NAMING_POSSESSIVES = frozenset(
    """people's children's women's men's workers' teachers' farmers' governors' mayors' king's
    queen's citizens' girls' boys' sailors' merchants' players' students' veterans' writers'
    employers' manufacturers' exporters' producers' lawyers' physicians' drivers'""".split()
)


def left_end(tokens: Sequence[Token], index: int, grammar: Grammar, openers: set[int]) -> int:
    """Walk left over the words of a name.

    Stop at a title, an office, a possessive or a preposition.
    """
    while index > 0:
        token = tokens[index - 1]
        if token.low in _AND and index > 1 and _joins(tokens, index - 1, grammar):
            index -= 2
            continue
        if token.low == "of" and index > 1 and tokens[index - 2].low in _OF_PLACE:
            index -= 2
            continue
        ends = _is_owner(token.low) or token.low in grammar.stops
        if ends or not token.is_name or index - 1 in openers:
            break
        index -= 1
    return index


def _is_owner(word: str) -> bool:
    """Tell whether a possessive owns what follows; in "Hanoi People's Committee" it names it."""
    return (
        word.endswith(("'s", "’s", "s'", "s’"))
        and word.replace("’", "'") not in _NAMING_POSSESSIVES
    )


def right_end(
    tokens: Sequence[Token], index: int, grammar: Grammar, openers: set[int], *, direct: bool
) -> int:
    """Walk right over the words of a name.

    Args:
        tokens: The run.
        index: The first token after the head.
        grammar: Small words, fields and stops.
        openers: Tokens that open a name of their own.
        direct: Whether a name may follow without "of" (Indonesian heads).
    """
    last = index
    while index < len(tokens) and index - last < _LONGEST:
        token = tokens[index]
        if not token.is_name:
            if not _crosses(tokens, index, grammar, openers):
                break
            direct = True
        elif not (direct or token.low in grammar.countries) or _ends(tokens, index, grammar):
            break
        elif is_possessive(token):
            last = index + 1
            break
        index += 1
        if token.is_name:
            last = index
            if (token.low,) in _LEGAL_ENDS:
                break
    return _without_date(tokens, last)


def _ends(tokens: Sequence[Token], index: int, grammar: Grammar) -> bool:
    """Tell whether a word is never part of a name; a month is, in "Universitas 17 Agustus 1945"."""
    after_number = index > 0 and tokens[index - 1].low.isdigit()
    return tokens[index].low in grammar.stops and not after_number


_LEGAL_ENDS = frozenset((("tbk",), ("inc",), ("inc.",), ("ltd",), ("ltd.",), ("limited",)))


def is_possessive(token: Token) -> bool:
    """Tell whether a word ends in "'s", after which something that is owned follows."""
    return token.low.endswith(("'s", "’s"))


def _without_date(tokens: Sequence[Token], last: int) -> int:
    """Leave a year or number at the end out: "Universitas Airlangga 2023"."""
    while (
        last > 1
        and tokens[last - 1].low[0].isdigit()
        and tokens[last - 2].is_name
        and len(tokens[last - 1].low) == 4
    ):
        last -= 1
    return last


def _crosses(tokens: Sequence[Token], index: int, grammar: Grammar, openers: set[int]) -> bool:
    """Tell whether the name goes on over the small word at ``index``."""
    token = tokens[index]
    if token.low in _AND and token.low not in ("y", "e"):
        return _joins(tokens, index, grammar) and index + 1 not in openers
    after = index + 1
    while after < len(tokens) and not tokens[after].is_name:
        after += 1
    return token.low in grammar.connectors and after < len(tokens) and after not in openers


def _joins(tokens: Sequence[Token], index: int, grammar: Grammar) -> bool:
    """Tell whether "and" at ``index`` joins two nouns of one name.

    Both name a field; "&" always joins.
    """
    if not 0 < index < len(tokens) - 1:
        return False
    if tokens[index].low == "&":
        return True
    before, after = tokens[index - 1], tokens[index + 1]
    return before.low in grammar.fields and after.low in grammar.fields
