"""Which spellings of a place's name go into the gazetteer: cleaning, admin words off, variants.

Values in, values out. A spelling is dropped rather than guessed: other scripts (the texts we read
are written in Latin letters), codes, epithets in lower case, names with digits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pipeline.gazetteer import fold_name

MIN_LENGTH = 3  # "Ur", "Of", "Au" as names of cities cost more wrong hits than they find right ones
MIN_ALTERNATE = 4  # GeoNames' alternates hold many three-letter codes and clipped transliterations
MAX_WORDS = 7  # longer "names" are descriptions ("Her Majesty's Government of ...")


def _words(text: str) -> str:
    """Return an alternation of the comma-separated words, the longest first."""
    words = sorted((w.strip() for w in text.split(",")), key=len, reverse=True)
    return "|".join(map(re.escape, words))


_PREFIX = re.compile(
    "^(?:"
    + _words(
        "Daerah Khusus Ibukota, Daerah Istimewa, Daerah Tingkat I, Kabupaten Administrasi,"
        "Kota Administrasi, Kota Administratip, Kabupaten, Kotamadya, Provinsi, Propinsi, Daerah,"
        "Bahagian, Province of, Province de, Province d', Province du, Provincia di, Provincia de,"
        "Provincia del, Província de, Département de l', Département de la, Département des,"
        "Département du, Département de, Departamento de, Departamento del, Estado de, Region of,"
        "Région de, State of, Emirate of, Governorate of, Regierungsbezirk, Gemeente, Powiat,"
        "Nafat,"
        "Nefat, Huyện, Thị xã, Thị Xã, Thành Phố, Thành phố, Tỉnh, Comunidad de, Wilaya de,"
        "Comunidad Autónoma de, Muḩāfaz̧at, Wilaya d', Kanton, Canton de, Canton of, Land"
    )
    + r")\s*(?=[A-ZÀ-Ž])"
)
_SUFFIX = re.compile(
    " (?:"
    + _words(
        "Province, Prefecture, Region, Regency, Oblast, Oblast', Oblast’, Governorate, Department,"
        "Voivodeship, Krai, Kray, Sheng, Shi, Zizhiqu, Autonomous Region, Republic, Parish, Canton,"
        "Special Administrative Region, Municipality, Stad, stad, Kommun, kommun, Kommune, kommune,"
        "Emirate, Division, District, Raion, Rayon, İlçesi, Ili, İli, Metropolitan Municipality,"
        "Metropolitan City"
    )
    + ")$"
)
# What is left after taking an admin word off must be a name: these are not.
_GENERIC = frozenset(
    """Western Eastern Northern Southern Central North South East West Upper Lower Capital Federal
    National Coast Free Coastal Islands Island New Northwest Northeast Southwest Southeast
    North-West North-East South-West South-East Northwestern Northeastern Southwestern Southeastern
    Centre Center Littoral Savannah Highlands Metropolitan District Republic River Lakes Mountain
    Plateau Border State Interior Oriental Occidental Norte Sur Nord Sud Est Ouest Centro
    Central-Eastern Equatoria Union Liberty Dominican Czech Independence Plains Cross Great Delta
    Gulf Peninsula Nouvelle Grand Distrito""".split()
)
_LATIN_END = 0x250  # Latin blocks end here ...
_VIETNAMESE = range(0x1E00, 0x1F00)  # ... and go on here
_GERMAN = str.maketrans(
    {"ö": "oe", "ü": "ue", "ä": "ae", "Ö": "Oe", "Ü": "Ue", "Ä": "Ae", "ß": "ss"}
)
_NORDIC = str.maketrans(
    {"ø": "oe", "å": "aa", "æ": "ae", "ä": "ae", "ö": "oe", "Ø": "Oe", "Å": "Aa", "Æ": "Ae"}
)
# What a German, Dutch or English town adds to be told from its namesakes; few texts do.
_EPITHET = re.compile(r" (?:am|an der|an den|in der|im|ob der|bei|vor der|aan den|aan de|upon) ")
_DEFINITE = frozenset(("AL", "XK"))  # Albanian: Lezhë, with the article Lezha
_SPELT_OUT = {
    "DE": _GERMAN,
    "AT": _GERMAN,
    "CH": _GERMAN,
    "NO": _NORDIC,
    "DK": _NORDIC,
    "SE": _NORDIC,
}


def is_latin(name: str) -> bool:
    """Tell whether all letters of ``name`` are Latin ones."""
    return all(ord(c) < _LATIN_END or ord(c) in _VIETNAMESE or not c.isalpha() for c in name)


def is_name(name: str, shortest: int = MIN_LENGTH) -> bool:
    """Tell whether ``name`` can be looked for: Latin, capital first, no digits, a few words."""
    return (
        len(name) >= shortest
        and is_latin(name)
        and name[:1].isalpha()
        and (name[:1].isupper() or name[:2] in {"al", "el", "'s"})
        and not any(c.isdigit() for c in name)
        and len(name.split()) <= MAX_WORDS
    )


def core_of(name: str) -> str:
    """Return ``name`` without the admin words around it; all of it where no name would be left."""
    core = _SUFFIX.sub("", _PREFIX.sub("", name.split("(")[0].strip()))
    return name if core in _GENERIC or len(core) < MIN_LENGTH else core


def alternates_of(names: Iterable[str]) -> Iterator[str]:
    """Yield the alternates that look like names: no codes in capitals, no clipped spellings."""
    for name in names:
        clipped = any(
            len(word) == 1 for word in re.split(r"[\s'’-]", name)[1:]
        )  # "The D", "D'akarta"
        if is_name(name, MIN_ALTERNATE) and not name.isupper() and not clipped:
            core = core_of(name)
            if core.startswith(
                ("Kota ", "Kutha ", "Kuta ", "Gorad ", "Gorod ", "Ciudad de ", "City of ")
            ):
                core = core.split(" ", 1)[1]
            if is_name(core, MIN_ALTERNATE):
                yield core


def variants(name: str, country: str | None) -> set[str]:
    """Return the spellings of ``name`` to match, itself included."""
    # "al-Bab", "'s-Hertogenbosch": what follows the article, for a name begins with a capital
    found = {name, re.sub(r"^(?:(?:al|el|ad|an|ar|as|at|az)-|'s-)", "", name)}
    if "(" in name and "(Kreis" not in name:  # a ward is not the city
        found.add(name.split("(")[0].strip())
    if " - " in name:
        found |= {name.replace(" - ", "-"), name.replace(" - ", " ")}
    for text in tuple(found):
        found.add(re.sub(r"(?<=\w)['’‘ʻ`](?=\w)", "", text))
        if country in _DEFINITE and text.endswith("ë"):
            found.add(text[:-1] + "a")
        if country in _SPELT_OUT:
            found.add(text.translate(_SPELT_OUT[country]))
        if re.match(r"(?:St\.?|Saint) ", text):
            rest = text.split(" ", 1)[1]
            found |= {f"Saint {rest}", f"St. {rest}", f"St {rest}"}
        if re.search(r"[\s-][a-z]", text):
            found.add(re.sub(r"(?<=[\s-])[a-z]", lambda m: m.group().upper(), text))
        if re.search(r"[a-z][A-Z]", text):  # McAllen, shouted and folded, is "Mcallen"
            found.add(text[0] + re.sub(r"(?<=[a-z])[A-Z]", lambda m: m.group().lower(), text[1:]))
    return {v for v in found if v}


def short_form(name: str) -> str | None:
    """Return "Frankfurt" for "Frankfurt am Main", "Neumarkt" for "Neumarkt in der Oberpfalz"."""
    match = _EPITHET.search(name)
    return name[: match.start()] if match and match.start() >= MIN_ALTERNATE else None


def key_of(name: str) -> str:
    """Return the key under which the automaton looks for ``name``."""
    return " ".join(part for part in fold_name(name).strip().split(" "))


# Scripts in which large cities and countries have their names too: first and last code point, and
# the fewest letters of a name. Shorter ones are common words.
_SCRIPTS = (
    (0x0400, 0x04FF, 4),  # Cyrillic
    (0x0600, 0x06FF, 4),  # Arabic
    (0x0E00, 0x0E7F, 4),  # Thai
    (0x3040, 0x30FF, 3),  # Kana
    (0x4E00, 0x9FFF, 2),  # Han
    (0xAC00, 0xD7AF, 2),  # Hangul
)


def is_other_script(name: str) -> bool:
    """Tell whether ``name`` is wholly in one of the scripts above, without spaces or digits."""
    return any(
        len(name) >= shortest and all(first <= ord(c) <= last for c in name)
        for first, last, shortest in _SCRIPTS
    )


def can_be_found(key: str) -> bool:
    """Tell whether `Gazetteer.find` can meet a key: ASCII letters, a capital first."""
    return key.isascii() and key[:1].isupper()


def is_acronym(name: str) -> bool:
    """Tell whether ``name`` is all capitals and so must stand in capitals in the text."""
    letters = re.sub(r"[^\w]", "", name)
    return letters.isupper() and len(letters) > 1
