"""Which name belongs to an office: the one after it and its unit or place, or the one before it.

In: the context of a text and an office in it. Out: the `Name` of its holder.
"""

from __future__ import annotations

import re
from bisect import bisect_left

from pipeline.taggers.organisation_countries import country_of_words
from pipeline.taggers.person_names import Context, Name, is_balinese
from pipeline.taggers.person_offices import OfficeHit

# Offices that lead a unit or an organisation and not a place.
_UNITS = frozenset(
    ("minister", "ambassador", "rector", "president_director", "official", "other", "councillor")
)
_LEADING = frozenset(("president_director", "official", "other"))
_UNIT_WORDS = frozenset(
    ("", "of", "the", "of the", "for", "to", "dan", "and", "untuk", "di", "at", "dari", "ri")
)
_UNIT_GAP = 8  # characters between an office and the organisation it leads: " of the "
_WORD = re.compile(r"[ \u00a0](\w[\w-]*)")
# Between an office with its place and the name: ", ", " (", ", Mr. ".
_GAP = re.compile(r"[ \u00a0]?[,(:–—-]?[ \u00a0]*[\"“]?")
# What may follow a name that stands in apposition: it must close, or the run begins another clause.
_CLOSES = re.compile(
    r"[,.;:)!?\"”–—\n]|$| ?[(–—]| (?:and|dan|serta|who|yang|said|told|was|is|has)\b"
)
_BEFORE = re.compile(
    r"[,(] ?(?:the |a |an |who is |yang juga |selaku |sebagai |seorang |then |now |its )?"
    r"(?:[A-Z][\w.'’-]+(?:'s|’s) )?$"
)
# Offices after which Indonesian always names the unit: the holder stands behind it.
_UNIT_ONLY = frozenset(("kepala", "kepala bidang", "kepala badan", "kepala bagian", "kepala biro"))


def name_after(context: Context, hit: OfficeHit, offset: int) -> Name | None:
    """Return the name that follows an office (and its place), ending at ``offset``."""
    is_minister = hit.office == "minister"
    unit_end = end_of_unit(context, offset, not is_minister) if hit.office in _UNITS else offset
    if unit_end == offset and hit.words in _UNIT_ONLY:
        return None  # "Kepala Xxx Yyy": what follows is what is headed, and its head comes after it
    is_bare = hit.office in _LEADING and not _leads(context, offset, unit_end)
    offset = unit_end
    gap = _GAP.match(context.text, offset)
    start = gap.end() if gap else offset
    run = context.run_at(start)
    if run is None or start <= hit.start:
        return None
    tokens = [t for t in run.tokens if t.start >= start]
    if not tokens or tokens[0].start != start:
        return None
    name = context.name_of(tokens, f"office {hit.words}")
    separated = gap is not None and gap.group().strip() != ""
    if name is None or (is_bare and " " not in name.value):
        return None  # "Kepala Xxx": one word after a bare "head" is what is headed
    if not separated:
        return name
    # Over a comma only a full name that closes again: "the mayor of X, Ulrich Markurth, said".
    closes = _CLOSES.match(context.text, name.end) is not None
    titled = tokens[0].low in context.offices.titles
    return name if closes and (" " in name.value or titled) else None


def _leads(context: Context, offset: int, unit_end: int) -> bool:
    """Tell whether an organisation or a place stands where an office's unit should."""
    place = context.place_at(unit_end - 1) if unit_end > offset else None
    return context.is_taken(offset, unit_end) or (
        place is not None and place.span.end == unit_end and context.language == "id"
    )


def name_before(context: Context, hit: OfficeHit, start: int | None = None) -> Name | None:
    """Return the name that an office stands in apposition to.

    "Markurth, the mayor of Braunschweig". ``start``: where a place before the office begins, as in
    "Zhang Xiao, the Chinese ambassador".
    """
    start = hit.phrase_start if start is None else min(start, hit.phrase_start)
    match = _BEFORE.search(context.text, max(0, start - 60), start)
    run = context.run_ending(match.start()) if match else None
    if run is None:
        return None
    tokens = list(run.tokens)
    led = any(
        t.low in context.offices.offices or t.low in context.registers.grammar.admin for t in tokens
    )
    while tokens:
        first = context.text[tokens[0].start : tokens[0].end]
        # "Wali Kota Palembang Harnojoyo, ketua …": the place is not part of the name.
        is_place = led and len(tokens) > 1 and context.is_place(first)
        name = None if is_place else context.name_of(tokens, f"office {hit.words}")
        if name is not None and name.end == run.end:
            # One word at the start of a sentence is as likely an adverb: "Sebelumnya, Kepala …".
            return name if " " in name.value or not context.opens_sentence(name.start) else None
        tokens = tokens[1:]
    return None


def end_of_unit(context: Context, offset: int, in_places: bool = True) -> int:
    """Step over what an office is of, and return where that ends.

    ``in_places``: a unit can be one of a place; a ministry never is ("Bima" there is a name).

    An organisation, fields ("Menteri | Pariwisata dan Ekonomi Kreatif"), a part of a body ("Ketua |
    Fraksi PKB"), a country with the post ("Duta Besar | Jepang untuk Indonesia").
    """
    last = -1
    while last != offset:
        last = offset
        offset = _over_organisation(context, offset)
        offset = _over_place(context, offset) if in_places else offset
        offset = _over_word(context, offset, in_places)
    return offset


def _over_place(context: Context, offset: int) -> int:
    """Step over a marked place of several words: "Kapolda | Jawa Barat"."""
    place = context.place_at(offset + 1) if context.language == "id" else None
    starts = place is not None and place.span.start == offset + 1
    return place.span.end if place is not None and starts and place.country == "ID" else offset


def _over_organisation(context: Context, offset: int) -> int:
    index = bisect_left(context.taken, (offset, 0))
    if index and offset < context.taken[index - 1][1]:
        return context.taken[index - 1][1]  # "Kepala | Bagian Kerja Sama …": it began in the office
    for start, end in context.taken[index : index + 1]:
        if offset < start <= offset + _UNIT_GAP:
            return end if context.text[offset:start].strip() in _UNIT_WORDS else offset
    return offset


def _over_word(context: Context, offset: int, in_places: bool) -> int:
    match = _WORD.match(context.text, offset)
    if match is None or is_balinese(match.group(1).lower(), _next(context, match.end()).lower()):
        return offset
    if match.group(1)[0].isupper():
        words = context.text[offset : offset + 40].split()
        if found := country_of_words(words, context.registers):
            return offset + 1 + len(" ".join(words[: found[1]]).rstrip(".,;:()"))
    joins = match.group(1).lower() in _UNIT_WORDS and _is_unit(
        context, _next(context, match.end()), in_places
    )
    return match.end() if joins or _is_unit(context, match.group(1), in_places) else offset


def _next(context: Context, offset: int) -> str:
    match = _WORD.match(context.text, offset)
    return match.group(1) if match else ""


def _is_unit(context: Context, word: str, in_places: bool) -> bool:
    """Tell whether a word belongs to what an office leads and not to its holder's name."""
    low, grammar = word.lower(), context.registers.grammar
    if low in context.offices.units or low in grammar.fields or low in context.registers.countries:
        return True
    return (
        low in grammar.adjectives
        or low == "the"
        or (
            (len(word) > 1 and word.isupper())
            or low in grammar.admin
            or (in_places and context.is_home_place(word))
        )
    )
