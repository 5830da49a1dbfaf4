"""One school in two languages: "Airlangga University" and "Universitas Airlangga".

Values in, values out. A register gives one form of a name, texts use the other; the forms of a kind
of school stand in `_KINDS`, the one place to add one. What cannot be turned by rule ("Utrecht
University of Applied Sciences") has no other form.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

# English forms, then Indonesian ones; the first of either is the usual one. A longer kind stands
# before a shorter one, for its form fits the shorter one too.
_KINDS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (
        (
            "{} State Islamic University",
            "State Islamic University of {}",
            "{} Islamic State University",
            "Islamic State University of {}",
            "State Islamic University {}",
        ),
        ("Universitas Islam Negeri {}", "UIN {}"),
    ),
    (
        ("{} State University", "State University of {}", "{} Public University"),
        ("Universitas Negeri {}",),
    ),
    (
        ("{} Islamic University", "Islamic University of {}", "{} University of Islam"),
        ("Universitas Islam {}",),
    ),
    (
        (
            "{} Muhammadiyah University",
            "Muhammadiyah University of {}",
            "University of Muhammadiyah {}",
        ),
        ("Universitas Muhammadiyah {}",),
    ),
    (("{} Catholic University", "Catholic University of {}"), ("Universitas Katolik {}",)),
    (("{} Christian University", "Christian University of {}"), ("Universitas Kristen {}",)),
    (
        ("{} University of Education", "Education University of {}"),
        ("Universitas Pendidikan {}",),
    ),
    (
        ("{} University of Technology", "Technological University of {}"),
        ("Universitas Teknologi {}",),
    ),
    (("{} National University", "National University of {}"), ("Universitas Nasional {}",)),
    (
        ("Indonesian Institute of the Arts {}", "Indonesian Institute of Arts {}"),
        ("Institut Seni Indonesia {}", "ISI {}"),
    ),
    (
        (
            "{} Institute of Technology",
            "Institute of Technology {}",
            "Institute of Technology of {}",
        ),
        ("Institut Teknologi {}",),
    ),
    (
        ("{} State Polytechnic", "State Polytechnic of {}", "{} Public Polytechnic"),
        ("Politeknik Negeri {}",),
    ),
    (("{} Polytechnic", "Polytechnic of {}"), ("Politeknik {}",)),
    (("University of {}", "{} University"), ("Universitas {}",)),
)
# Words that make another kind of school of a name: no form is known for it.
_OTHER = frozenset(
    """technology technological technical applied arts art science sciences education medical
    medicine normal national state islamic catholic christian open agricultural agriculture
    pedagogical polytechnic economics business maritime federal women foreign metropolitan public
    teknologi pendidikan seni pertanian terbuka islam katolik kristen negeri nasional teknik and dan
    of for the at in di city college school institute university""".split()
)
_COMPASS = {
    "North": "Utara",
    "South": "Selatan",
    "East": "Timur",
    "West": "Barat",
    "Central": "Tengah",
    "Southeast": "Tenggara",
}
_BACK = {indonesian: english for english, indonesian in _COMPASS.items()}
_ISLANDS = {"Sumatra": "Sumatera", "Java": "Jawa", "Moluccas": "Maluku"}
_MOST = 5  # words of what is left of a name


def other_forms(name: str, *, is_indonesian: bool) -> Iterator[str]:
    """Yield the names by which a school is known in the other language.

    Args:
        name: In English or Indonesian.
        is_indonesian: Texts turn the English name of an Indonesian school as they like; elsewhere
            "York University" is not the "University of York".
    """
    found = _parsed(name)
    if found is None:
        return
    kind, core, in_english = found
    english, indonesian = _KINDS[kind]
    if in_english:
        yield from (form.format(_turned(core)) for form in indonesian)
    if is_indonesian:
        turned = core if in_english else _english(core)
        yield from (form.format(turned) for form in english)


def key_of(name: str) -> tuple[int, str] | None:
    """Return what the forms of one school's name have in common."""
    found = _parsed(name)
    return (found[0], _turned(found[1]).casefold()) if found else None


def _parsed(name: str) -> tuple[int, str, bool] | None:
    """Return the number of the kind, what is left of the name, and whether it is English."""
    for number, pattern, in_english in _patterns():
        match = pattern.fullmatch(name)
        if match is not None:
            core = match.group(1)
            words = core.casefold().split()
            plain = len(words) <= _MOST and not _OTHER.intersection(words) and core[0].isupper()
            return (number, core, in_english) if plain else None
    return None


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[int, re.Pattern[str], bool], ...]:
    return tuple(
        (number, re.compile(re.escape(form).replace(re.escape("{}"), "(.+)")), in_english)
        for number, forms in enumerate(_KINDS)
        for in_english in (True, False)
        for form in forms[0 if in_english else 1]
    )


def _turned(core: str) -> str:
    """Return "Sumatera Utara" for "North Sumatra"."""
    words = [_ISLANDS.get(w, w) for w in core.split()]
    if len(words) > 1 and words[0] in _COMPASS:
        words = [*words[1:], _COMPASS[words[0]]]
    return " ".join(words)


def _english(core: str) -> str:
    """Return "North Sumatra" for "Sumatera Utara"."""
    back = {indonesian: english for english, indonesian in _ISLANDS.items()}
    words = core.split()
    if len(words) > 1 and words[-1] in _BACK:
        words = [_BACK[words[-1]], *(back.get(w, w) for w in words[:-1])]
    return " ".join(words)
