"""Names of parties reduced to what tells them apart.

In: a name and the kind of the party. Out: a **core**, equal for spellings of one name in English
and Indonesian ("Universitas Gadjah Mada" = "Gadjah Mada University"), different for different
bodies.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from pipeline.builders.model import GOVERNMENTS
from pipeline.text import fold

# Words that never tell two bodies apart: articles, prepositions and conjunctions of both languages.
_SMALL = frozenset(
    "the of and for in at di dan de da do la le et und der von van dari untuk".split()
)
# Words that say "a government of this kind"; the kind itself stands in a field of its own.
_ADMIN = frozenset(
    """city kota kabupaten kab regency district county province provinsi prov prefecture state
    municipality municipal pemerintah pemkot pemkab pemprov government town borough metropolitan
    republic republik kingdom kerajaan""".split()
)
# Legal forms of firms: they come and go between two texts on the same firm.
_FORMS = frozenset(
    """pt tbk cv persero ltd limited inc incorporated corp corporation co company gmbh ag kg se sa
    sas sarl bv nv plc llc llp sdn bhd pte pty kk oy oyj ab as asa aps srl spa sl lda ltda
    """.split()
)
# The nouns that open or close the names of public bodies, Indonesian and others to English. Nothing
# here names a body: the list turns a head word into the same head word in English.
_HEADS = {
    **dict.fromkeys(("universitas", "universiti", "universite", "universitat"), "university"),
    **dict.fromkeys(("universidad", "universiteit"), "university"),
    **dict.fromkeys(("institut", "instituto"), "institute"),
    **dict.fromkeys(("yayasan", "stichting"), "foundation"),
    **dict.fromkeys(("kementerian", "kementrian"), "ministry"),
    **dict.fromkeys(("badan", "lembaga"), "agency"),
    **dict.fromkeys(("asosiasi", "perhimpunan", "perkumpulan"), "association"),
    **dict.fromkeys(("pusat", "center"), "centre"),
    **dict.fromkeys(("besar", "pengetahuan", "rumah"), ""),  # halves of "embassy", "science" ...
    "politeknik": "polytechnic",
    "sekolah": "school",
    "akademi": "academy",
    "kedutaan": "embassy",
    "kamar": "chamber",
    "dagang": "commerce",
    "industri": "industry",
    "teknologi": "technology",
    "negeri": "state",
    "nasional": "national",
    "ilmu": "science",
    "kesehatan": "health",
    "pendidikan": "education",
    "sakit": "hospital",
    "dunia": "world",
}
_TOKEN = re.compile(r"\w+")
_ACRONYM = re.compile(r"[A-Z][A-Z0-9&.-]{1,9}")
_CONTRACTION = re.compile(r"uni?([a-z]{3,6})")
_BRACKETS = re.compile(r"\s*\(([^()]*)\)")
_CACHE = 100_000  # names of a large corpus; an entry is some 200 bytes


@lru_cache(maxsize=_CACHE)
def core(name: str, kind: str) -> str:
    """Return the key of a name within its kind; never empty unless the name holds no word."""
    words = _TOKEN.findall(fold(_BRACKETS.sub(" ", name)) or fold(name))
    if kind in GOVERNMENTS:
        kept = [w for w in words if w not in _SMALL | _ADMIN]
        if kind == "national_government":
            kept = sorted(filter(None, (_HEADS.get(w, w) for w in kept)))
        return " ".join(kept or words)
    kept = [w for w in words if w not in _SMALL]
    if kind in ("business", "media"):
        return " ".join([w for w in kept if w not in _FORMS] or words)
    # Head words change their place between the languages, so the order of the words is no evidence.
    return " ".join(sorted(filter(None, (_HEADS.get(w, w) for w in kept))) or words)


def acronym_in(name: str) -> str | None:
    """Return the acronym that a name is, or gives in brackets, folded; None if it has none."""
    inside = _BRACKETS.search(name)
    for candidate in (name.strip(), inside.group(1).strip() if inside else ""):
        if _ACRONYM.fullmatch(candidate):
            return fold(candidate).replace(".", "")
    return None


def is_acronym(name: str) -> bool:
    """Tell whether the whole name is an acronym."""
    return bool(_ACRONYM.fullmatch(name.strip()))


def may_be_contraction(name: str) -> bool:
    """Tell whether a name has the form of a university's short name."""
    return bool(_CONTRACTION.fullmatch(fold(name)))


def is_contraction(short: str, name: str) -> bool:
    """Tell whether a university's short name is cut from its full one, as Indonesian ones are.

    ``Un`` or ``Uni`` and the beginning or the end of a word: Undip = Universitas Diponegoro, Unram
    = Universitas Mataram; not Unpar = Universitas Padjadjaran.
    """
    match = _CONTRACTION.fullmatch(fold(short))
    words = _TOKEN.findall(fold(_BRACKETS.sub(" ", name)))
    if match is None or len(words) < 2:
        return False
    rest = match.group(1)
    own = [w for w in words if w not in _SMALL and _HEADS.get(w, w) != "university"]
    return any(w != rest and (w.startswith(rest) or w.endswith(rest)) for w in own)


def initials(name: str) -> str:
    """Return the first letters of a name's own words, folded: hrf for Harapan Rakyat Foundation."""
    words = _TOKEN.findall(fold(_BRACKETS.sub(" ", name)))
    return "".join(w[0] for w in words if w not in _SMALL)


def best_name(names: Iterable[tuple[str, int]]) -> str:
    """Return the name to publish out of (name, number of documents).

    Rule: a full name before an acronym, then the one in most documents, then the longer, then the
    first in the alphabet.
    """
    return min(names, key=lambda n: (is_acronym(n[0]), -n[1], -len(n[0]), n[0]))[0]
