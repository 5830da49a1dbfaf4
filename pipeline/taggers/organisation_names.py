"""Organisations by their names: what registers, head words and legal forms say of the same words.

In: a text and its capitalised runs. Out: candidates that do not overlap. A register's full name at
the start of a run decides where the name ends; else the longer reading wins.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from pipeline.taggers.organisation_countries import find_governments
from pipeline.taggers.organisation_cues import cut_person, is_place
from pipeline.taggers.organisation_heads import OPENING, Found, find_heads
from pipeline.taggers.organisation_mentions import ACRONYM, REGISTER, Candidate, settle
from pipeline.taggers.organisation_runs import Run
from pipeline.taggers.organisation_types import Hit, Registers

if TYPE_CHECKING:
    from pipeline.gazetteer import Gazetteer

_TAIL_AFTER = re.compile(
    r" \((?:Persero|PERSERO|Perseroda)\)(?:,? T[Bb][Kk]\b)?|, (?:Inc|Ltd|Corp)\.?(?!\w)|"
    r", (?:LLC|LLP)\b|,? \(?T[Bb][Kk]\b\)?"
)
_MOST_INSIDE = 8  # registered names inside one found name; more is a list without commas
_OFFICE = "government_office"
_AGENCIES = frozenset(("agency", "bureau"))
_LOCAL_WORDS = frozenset(
    """daerah kota kabupaten provinsi city county municipal provincial regional borough district
    town""".split()
)
_COMPASS = frozenset(
    """north south east west central new utara selatan timur barat tengah raya terbuka islam katolik
    kristen""".split()
)


def find_by_name(
    text: str, runs: Sequence[Run], registers: Registers, language: str, gazetteer: Gazetteer | None
) -> list[Candidate]:
    """Join what heads and registers say about the same words."""
    hits = [h for h in registers.index.find(text) if not (h.is_acronym and _is_shouted(text, h))]
    found = [
        cut
        for run in runs
        for f in find_heads(run, registers.grammar, language)
        if (cut := cut_person(text, f, run, registers, gazetteer)) is not None
    ]
    ends = [h.end for h in hits]  # in order, for hits never overlap
    names = [_of_hit(hit) for hit in hits]
    for one in (*found, *find_governments(text, registers)):
        first = bisect_left(ends, one.start + 1)
        inner = [h for h in hits[first : first + _MOST_INSIDE] if h.start < one.end]
        names.append(_of_found(text, _decided(text, one, registers, gazetteer), inner, registers))
    return settle(_with_comma_forms(names, runs, text, registers))


def _with_comma_forms(
    names: list[Candidate], runs: Sequence[Run], text: str, registers: Registers
) -> list[Candidate]:
    """Add legal forms that stand behind a comma: "Acme Waterworks, Inc."."""
    by_end = {n.end: n for n in names}
    result = list(names)
    for run, form in pairwise(runs):
        token = form.tokens[0]
        head = next(iter(registers.grammar.heads.get(token.low, ())), None)
        if not head or head.place != "legal_after" or text[run.end : form.start] != ", ":
            continue
        if run.end in by_end:
            result.append(replace(by_end[run.end], end=token.end, score=REGISTER))
            continue
        last = max((i + 1 for i, t in enumerate(run.tokens) if not t.is_name), default=0)
        name = [t for t in run.tokens[last:] if t.low not in registers.grammar.stops]
        if name:
            start, why = name[0].start, f"legal form {token.low}"
            one = Candidate(start, token.end, "business", ACRONYM, why, country=head.country)
            result.append(one)
    return result


def _decided(text: str, one: Found, registers: Registers, gazetteer: Gazetteer | None) -> Found:
    """Decide whose an agency is.

    A nation's ("National …", a country in its name) or a city's or province's.
    """
    if one.head is None or one.head.place not in _AGENCIES:
        return one
    words = text[one.start : one.end].split()
    lows = {w.lower() for w in words}
    grammar = registers.grammar
    if lows & _LOCAL_WORDS or any(
        h.kind == _OFFICE for w in lows - {one.head.words[0]} for h in grammar.heads.get(w, ())
    ):
        return replace(one, kind=_OFFICE)
    public = one.kind in ("national_government", _OFFICE)
    if public and (lows & grammar.adjectives or any(w in registers.countries for w in lows)):
        return replace(one, kind="national_government")
    has_town = gazetteer is not None and any(
        is_place(w, gazetteer) for w in words[:-1] if w[0].isupper()
    )
    return replace(one, kind=_OFFICE) if public and has_town else one


def _of_hit(hit: Hit) -> Candidate:
    evidence = "register acronym" if hit.is_acronym else "register name"
    score = ACRONYM if hit.is_acronym else REGISTER
    # A body whose usual name is an acronym (UNICEF) has it as its value however it is written here.
    value = hit.entry.name if hit.is_acronym or _is_acronym_name(hit.entry.name) else None
    return Candidate(
        hit.start, hit.end, hit.entry.kind, score, evidence, value, hit.entry, hit.entry.country
    )


def _is_acronym_name(name: str) -> bool:
    return name.replace(" ", "").replace("-", "").isupper() or name == "UN-Habitat"


def _of_found(text: str, one: Found, inner: Sequence[Hit], registers: Registers) -> Candidate:
    """Turn a rule's find into a candidate.

    A register's full name at its start decides where it ends.
    """
    start, end = one.start, one.end
    opens = one.head is not None and one.head.place in OPENING
    for hit in inner:
        rest = text[hit.end : end].split()
        if hit.start == start and (not rest or not (hit.is_acronym or _is_other(rest, registers))):
            return _of_hit(hit)
        if hit.start <= start and end <= hit.end:
            return _of_hit(hit)
        if hit.end == end and not hit.is_acronym and not opens:
            return _of_hit(hit)
        if opens and one.is_led and start < hit.start and hit.end < end:
            end = (
                hit.end
            )  # "Ketua Dewan Pakar Partai Golkar | Siswono": after the last name, a person
    tail = _TAIL_AFTER.match(text, end) if one.kind == "business" else None
    end = tail.end() if tail else end
    score = 1.0 if inner else one.score  # the longer name wins over the one inside it
    return Candidate(start, end, one.kind, score, one.evidence, country=one.country)


def _is_other(rest: Sequence[str], registers: Registers) -> bool:
    """Tell whether the words after a registered name make it another one: "… Indonesia | Timur"."""
    if not rest:
        return False
    first = rest[0].lower()
    grammar = registers.grammar
    return (
        first in _COMPASS
        or first in registers.countries
        or first in grammar.connectors
        or first in grammar.heads
    )


def _is_shouted(text: str, hit: Hit) -> bool:
    """Tell whether an acronym stands in a line all in capitals, where every word looks like one."""
    first = text.rfind("\n", 0, hit.start) + 1
    last = text.find("\n", hit.end)
    line = text[first : last if last >= 0 else len(text)]
    return len(line.split()) > 2 and line.isupper()
