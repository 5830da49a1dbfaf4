"""Organisations by their names: what registers, head words and legal forms say of the same words.

In: a text and its capitalised runs. Out: candidates that do not overlap. A register's full name at
the start of a run decides where the name ends; else the longer reading wins.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from pipeline.taggers.organisation_countries import find_governments
from pipeline.taggers.organisation_cues import cut_person, is_place
from pipeline.taggers.organisation_heads import OPENING, Found, find_heads
from pipeline.taggers.organisation_mentions import ACRONYM, REGISTER, Candidate, settle
from pipeline.taggers.organisation_plurals import find_plurals
from pipeline.taggers.organisation_runs import Run
from pipeline.taggers.organisation_types import Hit, Registers

if TYPE_CHECKING:
    from pipeline.gazetteer import Gazetteer

_TAIL_AFTER = re.compile(
    r" \((?:Persero|PERSERO|Perseroda)\)(?:,? T[Bb][Kk]\b)?|, (?:Inc|Ltd|Corp)\.?(?!\w)|"
    r", (?:LLC|LLP)\b|,? \(?T[Bb][Kk]\b\)?"
)
# "ASEAN | Mayors Summit": up to three capitalised words between a name and the event's noun
_EVENT_AFTER = re.compile(
    r"(?: [A-Z][\w-]*){0,3} (?P<event>Summit|Expo|Festival|Conference|Congress|Cup|Games|Marathon|"
    r"Awards?|Prize|Exhibition|Day|Week|Declaration|Charter)(?![\w-])"
)
_EVENT_BEFORE = frozenset("ktt piala hari pekan penghargaan anugerah deklarasi piagam".split())
_PT, _PREFIX_LENGTH = "legal form pt", len("PT ")
_SMALL_SIGNS = (".r.o", ".o.o", " a.s.", " a. s.", " d.d.")
_SMALL_FORM = re.compile(
    r",? (?P<form>s\.r\.o|spol\. s ?r\.o|d\.o\.o|sp\. z o\.o|a\. ?s|d\.d)\.(?!\w)"
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
    hits = [
        h
        for h in registers.index.find(text)
        if not ((h.is_acronym and _is_shouted(text, h)) or _names_event(text, h, registers))
    ]
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
        decided = _decided(text, one, registers, gazetteer)
        names.append(_of_found(text, decided, inner, registers, gazetteer))
    names += find_plurals(text)
    return settle(_with_comma_forms(names, runs, text, registers))


def _with_comma_forms(
    names: list[Candidate], runs: Sequence[Run], text: str, registers: Registers
) -> list[Candidate]:
    """Add legal forms that stand behind a comma: "Acme Waterworks, Inc."."""
    by_end = {n.end: n for n in names}
    result = [*names, *_with_small_forms(runs, text, registers)]
    heads = registers.grammar.heads
    for run, form in pairwise(runs):
        if form.start - run.end != 2 or form.lows[0] not in heads:  # ", "
            continue
        token = form.tokens[0]
        head = next(iter(heads[token.low]), None)
        if not head or head.place != "legal_after" or text[run.end : form.start] != ", ":
            continue
        if run.end in by_end:
            result.append(by_end[run.end]._replace(end=token.end, score=REGISTER))
            continue
        last = max((i + 1 for i, t in enumerate(run.tokens) if not t.is_name), default=0)
        name = [t for t in run.tokens[last:] if t.low not in registers.grammar.stops]
        if name:
            start, why = name[0].start, f"legal form {token.low}"
            one = Candidate(start, token.end, "business", ACRONYM, why, country=head.country)
            result.append(one)
    return result


def _with_small_forms(runs: Sequence[Run], text: str, registers: Registers) -> Iterator[Candidate]:
    """Yield names before a legal form in small letters: "Vodní Stavby s.r.o."."""
    if not any(sign in text for sign in _SMALL_SIGNS):
        return
    for run in runs:
        tail = _SMALL_FORM.match(text, run.end)
        name = [t for t in run.tokens if t.low not in registers.grammar.stops] if tail else []
        if tail and name:
            why = f"legal form {tail.group('form')}"
            yield Candidate(name[0].start, tail.end(), "business", ACRONYM, why)


def _decided(text: str, one: Found, registers: Registers, gazetteer: Gazetteer | None) -> Found:
    """Decide whose an agency is.

    A nation's ("National …", a country in its name) or a city's or province's.
    """
    if one.head is None or one.head.place not in _AGENCIES:
        return one
    words = text[one.start : one.end].split()
    lows = {w.lower() for w in words}
    grammar = registers.grammar
    office = any(
        h.kind == _OFFICE and len(h.words) == 1
        for w in lows - {one.head.words[0]}
        for h in grammar.heads.get(w, ())
    )
    if lows & _LOCAL_WORDS or office:
        return one._replace(kind=_OFFICE)
    if one.head.words == ("council",) and _is_council(text[one.start : one.end], gazetteer):
        return one._replace(kind=_OFFICE)
    public = one.kind in ("national_government", _OFFICE)
    if public and (lows & grammar.adjectives or any(w in registers.countries for w in lows)):
        return one._replace(kind="national_government")
    has_town = gazetteer is not None and any(
        is_place(w, gazetteer) for w in words[:-1] if w[0].isupper()
    )
    return one._replace(kind=_OFFICE) if public and has_town else one


def _is_council(name: str, gazetteer: Gazetteer | None) -> bool:
    """Tell whether a council is one of a place and of nothing else: "Auckland Council"."""
    place, _, head = name.rpartition(" ")
    return head.lower() == "council" and gazetteer is not None and is_place(place, gazetteer)


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


def _of_found(
    text: str,
    one: Found,
    inner: Sequence[Hit],
    registers: Registers,
    gazetteer: Gazetteer | None,
) -> Candidate:
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
        if hit.start == start and _is_joined(rest, hit, end, inner, registers):
            return _of_hit(hit)
        if hit.end == end and not hit.is_acronym and not opens:
            return _of_hit(hit)
        if opens and start < hit.start < end < hit.end:
            end = hit.end  # "PT Bank Pembangunan Daerah Jawa Barat | dan Banten"
        # "Ketua Dewan Pakar Partai Golkar | Siswono": after the last name, a person.
        is_last = opens and one.is_led and start < hit.start and hit.end < end
        if is_last and not text[hit.end : end].endswith(" Indonesia"):
            end = hit.end
        if one.evidence == _PT and _is_town(text[hit.end : end], hit, start, gazetteer):
            end = hit.end  # "PT Pertamina | Jakarta"
    whole = _PREFIX_LENGTH + start if one.evidence == _PT else -1
    known = next((h for h in inner if h.start == whole and h.end == end), None)
    tail = _TAIL_AFTER.match(text, end) if one.kind == "business" else None
    end = tail.end() if tail else end
    score = 1.0 if inner else one.score  # the longer name wins over the one inside it
    kind, country = _of_parent(one, inner)
    if known:
        return Candidate(
            start,
            end,
            known.entry.kind,
            score,
            one.evidence,
            None,
            known.entry,
            known.entry.country,
        )
    return Candidate(start, end, kind, score, one.evidence, country=country)


def _is_joined(
    rest: Sequence[str], hit: Hit, end: int, inner: Sequence[Hit], registers: Registers
) -> bool:
    """Tell whether a connector and another registered name are all that follows a name."""
    if not rest or rest[0].lower() not in registers.grammar.connectors:
        return False
    begin = hit.end + len(rest[0]) + 2
    return any(h.start == begin and h.end == end and not h.is_acronym for h in inner)


def _of_parent(one: Found, inner: Sequence[Hit]) -> tuple[str, str | None]:
    """Return kind and country of a part of a registered body.

    "Fakultas Teknik Universitas Diponegoro" is Indonesian, "Komisi II DPR RI" national.
    """
    kind, country = one.kind, one.country
    for hit in inner:
        if kind == hit.entry.kind == "academia":
            country = country or hit.entry.country
        is_agency = one.head is not None and one.head.place == "agency"
        if kind == _OFFICE and is_agency and hit.entry.kind == "national_government":
            kind, country = hit.entry.kind, hit.entry.country
    return kind, country


def _is_town(rest: str, hit: Hit, start: int, gazetteer: Gazetteer | None) -> bool:
    """Tell whether after "PT" and a registered name only a town is left."""
    begins = hit.start == start + _PREFIX_LENGTH
    return begins and bool(rest) and gazetteer is not None and is_place(rest.strip(), gazetteer)


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


def _names_event(text: str, hit: Hit, registers: Registers) -> bool:
    """Tell whether a name is part of an event's: "ASEAN | Mayors Summit", "KTT | ASEAN"."""
    if text[hit.start - 1 : hit.start] == " " and _last_word(text, hit.start) in _EVENT_BEFORE:
        return True
    match = _EVENT_AFTER.match(text, hit.end)
    return match is not None and match.group("event").lower() in registers.grammar.not_names


def _last_word(text: str, offset: int) -> str:
    return (text[max(0, offset - 20) : offset].split() or [""])[-1].lower()


def _is_shouted(text: str, hit: Hit) -> bool:
    """Tell whether an acronym stands in a line all in capitals, where every word looks like one."""
    first = text.rfind("\n", 0, hit.start) + 1
    last = text.find("\n", hit.end)
    line = text[first : last if last >= 0 else len(text)]
    return len(line.split()) > 2 and line.isupper()
