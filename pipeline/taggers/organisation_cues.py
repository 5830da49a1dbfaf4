"""Organisations without a head word: a cue beside the name, or the English model's opinion.

In: a text and one run or entity. Out: the span that may be named, with the kind that the cue tells.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import lru_cache

from pipeline.gazetteer import ALTERNATE, Gazetteer
from pipeline.taggers.entities import Entity
from pipeline.taggers.organisation_heads import OPENING, Found
from pipeline.taggers.organisation_runs import Run, Token, tokenise
from pipeline.taggers.organisation_types import Registers
from pipeline.taggers.place_resolve import is_home_government

_BESIDE = 70  # characters before a name in which its cue stands
_ORIGIN = re.compile(r"\s+asal [^,;:.\n]{3,30}?,?\s+$")
# ", a Japanese waste company", ", lembaga konservasi asal": the cue among the first words after the
# comma.
_AFTER = re.compile(r" ?[,(–-] ?(?P<article>an? |the |sebuah )?(?P<words>(?:[\w-]+ ?){1,5})")
_STOPS = ".,:;!?)"
_MODIFIERS = 2  # Indonesian words between the cue and the name: "perusahaan sampah regional NSR"
_SMALL = frozenset(
    """di ke dari yang dan dengan oleh untuk pada adalah itu ini tersebut yakni yaitu akan telah
    sudah serta juga dalam kepada bagi
    the a an of in and with to for from that which by at is was said has had will""".split()
)
_NOISE = re.compile(
    r"[\d%$€£]|^(?:MoU|MOU|LoI|LOI|MoA|PKS|SMEs?|UMKM|COVID.*|ICT|IT|AI|CEO|GDP|PAD|APBD|SDGs?|ASN|PNS)$"
)
_LEAST = 3  # letters of a model's ORG


def near_cues(text: str, runs: Sequence[Run], registers: Registers) -> list[Run]:
    """Return the runs that stand so near a cue that it can speak of them, in order."""
    found = registers.grammar.cue_phrases.find(text.lower())
    starts = [r.start for r in runs] if found else []
    near: set[int] = set()
    for _, start, end in found:
        near.update(
            range(bisect_left(starts, start - 2 * _BESIDE), bisect_right(starts, end + _BESIDE))
        )
    return [runs[i] for i in sorted(near)]


def cue_of(text: str, run: Run, registers: Registers, language: str) -> Found | None:
    """Return the run as an organisation if a cue stands before or after it."""
    tokens = trimmed(run.tokens, registers)
    if not tokens:
        return None
    start, end = tokens[0].start, tokens[-1].end
    kind = _before(text, start, registers, language) or _after(text, end, registers)
    if tokens[0].low[0].isdigit():
        return None  # "1 September"
    things = registers.grammar.not_names | registers.offices("en").not_persons
    if kind is None or any(t.low in things for t in tokens):
        return None
    return Found(start, end, kind[0], 0.7, f"cue {kind[1]}")


def trimmed(tokens: tuple[Token, ...], registers: Registers) -> tuple[Token, ...]:
    """Drop sentence openers at the left; a run with an office or a title in it names a person."""
    while tokens and tokens[0].low in registers.grammar.stops:
        tokens = tokens[1:]
    offices = registers.offices("en")  # which knows the words of all languages
    if any(t.low in offices.titles or t.low in offices.offices for t in tokens):
        return ()
    for index, token in enumerate(tokens):
        if index and not token.is_name and token.low in ("and", "dan"):
            return tokens[:index]
    return tokens


def _before(text: str, start: int, registers: Registers, language: str) -> tuple[str, str] | None:
    before = text[max(0, start - _BESIDE) : start]
    if not before.endswith(" "):
        return None
    before = _ORIGIN.sub(" ", before.rsplit("\n", 1)[-1])
    if before.rstrip().endswith((",", ".", ":", ";", ")")):
        return None
    words = [w.lower() for w in before.split()[-3 - _MODIFIERS :]]
    for skip in range(_MODIFIERS + 1 if language != "en" else 1):
        tail = words[: len(words) - skip]
        if skip and (skip >= len(words) or _parts(words[-skip], words[-skip - 1])):
            return None
        for size in (3, 2, 1):
            cue = " ".join(tail[-size:])
            if len(tail) >= size and cue in registers.grammar.cues:
                return registers.grammar.cues[cue], cue
    return None


def _parts(word: str, before: str) -> bool:
    """Tell whether a word between a cue and a name, or what ends the cue, parts the two."""
    return word in _SMALL or before[-1] in _STOPS


def _after(text: str, end: int, registers: Registers) -> tuple[str, str] | None:
    match = _AFTER.match(text, end)
    if match is None:
        return None
    words = [w.lower() for w in match.group("words").split()]
    reach = len(words) if match.group("article") else 1
    for index in range(min(reach, len(words))):
        if words[index] in _SMALL:
            return None
        for size in (3, 2, 1):
            cue = " ".join(words[index : index + size])
            if cue in registers.grammar.cues and not _is_owner(text, match, words[: index + size]):
                return registers.grammar.cues[cue], cue
    return None


def _is_owner(text: str, match: re.Match[str], words: list[str]) -> bool:
    """Tell whether the cue is a possessive: "X, the company's lawyer" is a person."""
    start = match.start("words")
    last = text[start : match.end() + 3].split()[len(words) - 1 : len(words)]
    return bool(last) and last[0].endswith(("'s", "’s"))


def cut_person(
    text: str, found: Found, run: Run, registers: Registers, gazetteer: Gazetteer | None
) -> Found | None:
    """End a name before the person that Indonesian writes straight after it.

    "Kepala Bappeda Kota Bandung Kenny Dewi": a sub-national office ends where neither a field nor a
    place follows. Any other name ends after its place if an office stands before it and more words
    follow; without an office nothing is cut. An office of which nothing is left but "Dinas" is
    none.
    """
    if found.head is None or found.head.place not in OPENING or gazetteer is None:
        return found
    tokens = [t for t in run.tokens if found.start <= t.start and t.end <= found.end]
    first = len(found.head.words)
    found = found._replace(is_led=_is_led(text, found, run, registers))
    if found.head is not None and found.head.place == "office":
        if found.head.words[0] in _NAMED_AFTER_PERSONS and not found.is_led and len(tokens) > 1:
            return found
        last = _office_end(text, tokens, first, registers, gazetteer)
        opened = last > first and tokens[last - 2].low in registers.grammar.admin
        if opened and not found.is_led:
            last = min(last + 1, len(tokens))  # "DPRD Kabupaten Kulon Progo": nobody can follow
        is_named = last > first or _names_itself(tokens)
        return found._replace(end=tokens[last - 1].end) if is_named else None
    for index in range(first, len(tokens) - 1) if found.is_led else ():
        if index > first and tokens[index].low == "indonesia" and tokens[index + 1].is_name:
            return found._replace(end=tokens[index].end)
        size = _place_size(text, tokens, index, gazetteer)
        if size and index + size < len(tokens) and tokens[index + size].is_name:
            return found._replace(end=tokens[index + size - 1].end)
    return found


def _is_led(text: str, found: Found, run: Run, registers: Registers) -> bool:
    """Tell whether an office stands before the name, so that its holder may stand after it."""
    before: set[str] = set(_last_words(text, found.start))
    for token in run.tokens:
        if token.start >= found.start:
            break
        # What stands before an "and" leads another name.
        before = {token.low} | before if token.is_name else set()
    return bool(before & _LEADERS) or any(w in registers.offices("id").offices for w in before)


_LEADERS = frozenset(
    """kepala ketua direktur rektor sekretaris kadis dekan dirut wakil plt plt. manajer anggota
    deputi komisaris pimpinan staf""".split()
)
_KNOWN_PLACE = 50_000  # people; a smaller town's name is as likely a person's
_NAMED_AFTER_PERSONS = frozenset(("rsud", "puskesmas"))  # "RSUD Dr. Soetomo"
_SELF = 4  # letters: "Bappeda", "DPRD" name themselves, "Dinas" does not


def _names_itself(tokens: list[Token]) -> bool:
    """Tell whether an office word alone is worth a mention: an acronym, not a common noun."""
    word = tokens[0].low
    return word not in ("dinas", "kantor", "bagian", "biro") and len(word) >= _SELF


def _office_end(
    text: str, tokens: list[Token], index: int, registers: Registers, gazetteer: Gazetteer
) -> int:
    """Return the index after an office's last word: fields, admin words, one place."""
    grammar = registers.grammar
    last = index
    while index < len(tokens):
        word = text[tokens[index].start : tokens[index].end]
        size = _place_size(text, tokens, index, gazetteer)
        if size:
            return index + size
        low = tokens[index].low
        if (
            low in grammar.fields
            or low in grammar.admin
            or any(h.place == "office" and len(h.words) == 1 for h in grammar.heads.get(low, ()))
            or word in grammar.abbreviations
            or (word.isupper() and len(word) > 1)
        ):
            last = index + 1
        elif tokens[index].is_name:
            admin = tokens[index - 1].low in grammar.admin
            return index + 1 if admin else last  # "Kota Xxx": a place that no gazetteer knows
        index += 1
    return last


def _place_size(text: str, tokens: list[Token], index: int, gazetteer: Gazetteer) -> int:
    """Return how many tokens from ``index`` on name an Indonesian place, 0 for none."""
    for size in (3, 2, 1):
        if index + size <= len(tokens):
            name = text[tokens[index].start : tokens[index + size - 1].end]
            if is_place(name, gazetteer, "ID") or is_place(name, gazetteer, "MY"):
                return size
    return 0


def _last_words(text: str, start: int) -> list[str]:
    return [w.lower() for w in text[max(0, start - 20) : start].split()[-1:]]


@lru_cache(maxsize=20_000)  # names come back: a shard speaks of the same towns; some 5 MB
def is_place(name: str, gazetteer: Gazetteer, country: str | None = None) -> bool:
    """Tell whether a place of some size is called so, by more than one of GeoNames' alternates.

    A government of Indonesia counts whatever its size: the sources know it of few.
    """
    return any(
        (place.population >= _KNOWN_PLACE or is_home_government(place))
        and (country is None or (country == place.country and place.kind != "country"))
        for toponym in gazetteer.find(name)
        if toponym.end - toponym.start == len(name)
        for place, grade in zip(
            map(gazetteer.place, toponym.candidates), toponym.grades, strict=True
        )
        if grade != ALTERNATE
    )


def entity_name(text: str, entity: Entity, registers: Registers) -> tuple[int, int] | None:
    """Return the span of a model's ORG, trimmed, or nothing if it is no name."""
    tokens = list(tokenise(text, entity.start, entity.end))
    while tokens and (tokens[0].low in registers.grammar.stops or not tokens[0].is_name):
        tokens.pop(0)
    while tokens and not tokens[-1].is_name:
        tokens.pop()
    if not tokens:
        return None
    start, end = tokens[0].start, tokens[-1].end
    while end > start and not (text[end - 1].isalnum() or text[end - 1] in ".)"):
        end -= 1
    if text[start:end].endswith(("'s", "’s")):
        end -= 2
    name = text[start:end]
    if (
        _is_nothing([t.low.strip("'’\",.") for t in tokens], registers)
        or _NOISE.search(name)
        or len(name) < _LEAST
    ):
        return None
    opens = (
        len(tokens) == 1
        and not tokens[0].is_shouted
        and name[1:].islower()
        and _opens_sentence(text, start)
    )
    if opens:
        return None  # "Citizens …": any noun has a capital there
    beside = (
        *_last_words(text, entity.start),
        *text[end : end + 30].lower().strip(" ,(").split()[:1],
    )
    words = registers.offices("en")
    is_person = any(w in words.offices or w in words.titles for w in beside)
    return None if is_person or "\n" in name or " - " in name or " – " in name else (start, end)


def _opens_sentence(text: str, start: int) -> bool:
    before = text[max(0, start - 3) : start].rstrip(' "“')
    return not before or before[-1] in ".!?\n"


def _is_nothing(words: list[str], registers: Registers) -> bool:
    """Tell whether a model's ORG is a thing, a government, an office or only words of a kind."""
    grammar, offices = registers.grammar, registers.offices("en")
    if any(
        w in grammar.not_names or w in offices.offices or w in offices.not_persons for w in words
    ):
        return True
    return all(w in grammar.fields or w in grammar.heads or w in grammar.connectors for w in words)
