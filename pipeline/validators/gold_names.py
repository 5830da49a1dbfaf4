"""When do two party names count as the same in a score? The rules of the gold sets' scorer.

Used by scoring only: the pipeline itself resolves parties by referents (``builders``).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

# Words that say what a party is and not which: dropped before comparing.
_GENERIC = frozenset(
    """the of and city kota kabupaten kab regency district county province provinsi prov prefecture
    state municipality municipal pemerintah pemkot pemkab pemprov government town borough
    metropolitan region daerah istimewa republic republik kingdom dki diy""".split()
)
# Words that make another party of a name: never bridged.
_DISTINCT = frozenset(
    """north south east west central northern southern eastern western new upper lower inner outer
    greater utara selatan timur barat tengah tenggara laut baru raya university universitas
    universiti institut institute politeknik polytechnic school sekolah college akademi uin upn pt
    cv company corporation corp ltd inc gmbh bank hospital foundation yayasan association asosiasi
    perhimpunan kadin chamber ministry kementerian embassy kedutaan network initiative club port
    pelabuhan cities""".split()
)
_LATIN = str.maketrans(
    {"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ß": "ss", "æ": "ae", "œ": "oe"}
    | {"ı": "i", "þ": "th"}
)
# Places that are a city and a province at once: either kind counts.
_DUAL = frozenset(
    name.strip()
    for name in """jakarta, tokyo, beijing, shanghai, tianjin, chongqing, hamburg, berlin, bremen,
    vienna, wien, brasilia, seoul, busan, sejong, da nang, hai phong, can tho, yangon, phnom penh,
    ulaanbaatar, kuala lumpur, taipei, kaohsiung, dubai, abu dhabi, macau, hong kong, paris, oslo,
    kyiv, zagreb, budapest, saint petersburg, incheon, daegu, daejeon, gwangju, ulsan, khartoum,
    moscow, bangkok, hanoi, ho chi minh, nairobi, buenos aires, mexico, canberra, brussels, prague,
    bogota""".split(",")
)
_GOVERNMENTS = frozenset({"city", "province", "regency"})
_EXTRA_WORDS = 2  # "Kyoto" is "Kyoto Prefecture Office"
_SPELLING_RATIO = 0.9
_SPELLING_LETTERS = 7  # shorter names differ by one letter too easily (Malang / Magelang)


def name_tokens(name: str) -> tuple[str, ...]:
    """Return the folded words of a name that tell parties apart."""
    text = unicodedata.normalize("NFKD", name.translate(_LATIN).casefold())
    found = re.findall(r"\w+", "".join(c for c in text if not unicodedata.combining(c)))
    return tuple(w for w in found if w not in _GENERIC) or tuple(found)


def _one(a: str, b: str) -> float:
    first, second = name_tokens(a), name_tokens(b)
    if not first or not second:
        return 0.0
    if first == second:
        return 1.0
    left, right = set(first), set(second)
    if (left ^ right) & _DISTINCT:
        return 0.0
    small, large = sorted((left, right), key=len)
    if small <= large and len(large) - len(small) <= _EXTRA_WORDS:
        return 0.95
    x, y = " ".join(first), " ".join(second)
    ratio = SequenceMatcher(None, x, y).ratio()
    near = ratio >= _SPELLING_RATIO and min(len(x), len(y)) >= _SPELLING_LETTERS and x[0] == y[0]
    return ratio if near else 0.0


@dataclass(frozen=True, slots=True)
class SameNames:
    """Rows of names that count as one party, by folded name."""

    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def from_rows(cls, rows: Iterable[Sequence[str]]) -> SameNames:
        """Build from the rows of one or more ``names.csv``."""
        groups: dict[str, tuple[str, ...]] = {}
        for row in rows:
            names = tuple(x.strip() for x in row if x.strip())
            for name in names:
                key = " ".join(name_tokens(name))
                groups[key] = groups.get(key, ()) + names
        return cls(groups)

    def accepted(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return all names that count for a party that goes by ``names``."""
        own = tuple(names)
        more = (x for n in own for x in self.groups.get(" ".join(name_tokens(n)), ()))
        return (*own, *more)

    def similarity(self, names: Iterable[str], name: str) -> float:
        """Return the best likeness of ``name`` to the accepted names; 0 is another party."""
        return max((_one(n, name) for n in self.accepted(names)), default=0.0)


def same_kind(gold_name: str, gold_kind: str, kind: str) -> bool:
    """Tell whether a kind is right; for places that are city and province at once either counts."""
    if gold_kind == kind:
        return True
    return {gold_kind, kind} <= _GOVERNMENTS and " ".join(name_tokens(gold_name)) in _DUAL
