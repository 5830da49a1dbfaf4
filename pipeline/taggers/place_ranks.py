"""Reads the name beside a word of administration, and whether any listed place can be meant.

In: a text, the gazetteer's names in it and the places recognised. Out: `Named` governments. See
`pipeline.taggers.place_unlisted`.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pipeline.gazetteer import DEMONYM, Gazetteer, fold_name
from pipeline.records import Annotation
from pipeline.taggers.organisation_runs import Token, run_at
from pipeline.taggers.place_cues import AFTER, BEFORE, SUFFIX, PlaceCues, Rank
from pipeline.taggers.place_recognise import PLACE_LABELS, Found
from pipeline.taggers.place_where import country_said, listed_with_rank

# Scores order the evidence: a word that only governments bear, a looser one that a model confirms.
STRONG, WEAK = 0.8, 0.6
WHOLE = frozenset({"county", "shire", "region"})  # words that are part of the usual name
_MOST_WORDS = 4  # of a name before its word: "Rancho Santa Fe Heights County"
_FEW_WORDS = 2  # of one behind its word where no model tells its end: a person's may follow
_LEAST = 3  # letters of a name; two are an acronym
_REACH = 80  # characters: the longest name of the gazetteer
_CANDIDATES = 20  # namesakes looked at
_PEOPLES = ("ian", "ese", "ish")  # of which the gazetteer has those of countries only
_OWNED = re.compile(
    r"['’]s (?P<rank>town|city|municipal|county|village|district|borough) "
    r"(?P<body>office|council|hall|government|assembly)\b"
)
_SPACES = (" ", "\u00a0")
_POSSESSIVE = ("'s", "’s")
_NUMBERED = re.compile(
    r"\bRegion (?:One|Two|Three|Four|Five|Six|Seven|Eight|Nine|Ten|Eleven|Twelve|\d{1,2}|"
    r"[IVX]{1,5})(?:-[A-Z])?\b"
)
_PARTICLES = frozenset("de da do del la las los al el".split())
_LARGE = 500_000  # people: a city this large bears its province's name and no smaller one's


class Named(NamedTuple):
    """A government that stands in the text: ``[start, end)``, what it is, how sure, why.

    ``bare`` is its name without the suffix or word that ``value`` may have.
    """

    start: int
    end: int
    kind: str
    value: str
    country: str | None
    score: float
    word: str
    bare: str
    referent: str | None = None  # where a listed name has a word of the same rank


class Reader:
    """Reads one text."""

    def __init__(
        self,
        text: str,
        found: Sequence[Found],
        places: Sequence[Annotation],
        cues: PlaceCues,
        gazetteer: Gazetteer,
        entities: Sequence[tuple[int, int, str]],
    ) -> None:
        """Take what `place_unlisted.add_unlisted` is given."""
        self.text = text
        self.found = found
        self.starts = [f.hit.start for f in found]
        self.places = places
        self.cues = cues
        self.gazetteer = gazetteer
        self.entities = entities

    def named(self) -> list[Named]:
        """Return the governments whose word of administration stands beside them."""
        ranks, text = self.cues.ranks, self.text
        lowered = text.lower()
        if len(lowered) != len(text):
            return []  # a letter that lower case makes two: offsets would not fit
        result = []
        for number, start, end in ranks.phrases.find(lowered):
            before = text[start - 1 : start]
            if text[end : end + 1].isalnum() or (
                text[start] != "-" and (before.isalnum() or before == "-")
            ):
                continue
            # Most such words have no capital beside them: this look spares the rest.
            last = text.rfind(" ", 0, max(0, start - 1)) + 1
            if not text[end + 1 : end + 2].isupper() and text[last:start] == lowered[last:start]:
                continue
            for rank in ranks.by_word[ranks.phrases.words[number]]:
                if (one := self._read(rank, start, end)) is not None:
                    result.append(one)
                    break
        if "Region " in text:
            result += self._numbered()
        return [*result, *self._owners()]

    def _owners(self) -> Iterator[Named]:
        """Yield the names that own a hall or a council: "Nagaizumi's town office"."""
        for match in _OWNED.finditer(self.text):
            end = match.start()
            run = run_at(self.text, end - 1)
            tokens = [t for t in run.tokens if t.start < end] if run else []
            last = tokens[-1] if tokens else None
            if last is None or not last.is_name or self._opens(last):
                continue
            shown = self.text[last.start : end]
            low, high = bisect_left(self.starts, last.start - _REACH), bisect_left(self.starts, end)
            listed = any(f.hit.end > last.start for f in self.found[low:high])
            alone = len(tokens) == 1 or self._opens(tokens[-2]) or not tokens[-2].is_name
            if alone and not listed and len(shown) >= _LEAST and shown not in self.cues.not_places:
                kind = "regency" if match.group("rank") == "county" else "city"
                country = self._country(last.start, end)
                word = f"{match.group('rank')} {match.group('body')}"
                yield Named(last.start, end, kind, shown, country, STRONG, word, shown)

    def _numbered(self) -> Iterator[Named]:
        for match in _NUMBERED.finditer(self.text):
            start, end = match.span()
            index = bisect_left(self.starts, start)
            hit = self.found[index].hit if index < len(self.found) else None
            if hit is not None and hit.start == start and hit.end >= end:
                continue  # "Region V" is listed
            country = self._country(start, end)
            name = match.group()
            yield Named(start, end, "province", name, country, STRONG, "region", name)

    def _read(self, rank: Rank, start: int, end: int) -> Named | None:
        """Read the name beside one word of administration at ``[start, end)``."""
        tokens = self._behind(rank, end) if rank.side == BEFORE else self._before(rank, start, end)
        if not tokens or not self._is_name(tokens, rank):
            return None
        first, last = tokens[0].start, tokens[-1].end
        if not self._is_unlisted(first, last, rank):
            return None
        if rank.is_weak and not self._is_labelled(first, last):
            return None
        score = WEAK if rank.is_weak else STRONG
        bare = " ".join(self.text[first:last].split())
        is_whole = rank.word in WHOLE and self.text[start].isupper()
        if rank.side == SUFFIX or (rank.side == AFTER and is_whole):
            last = end
        value = " ".join(self.text[first:last].split())
        value = value.title() if value.isupper() else value
        country = self._country(first, max(last, end if rank.side == AFTER else last), rank.word)
        place = listed_with_rank(bare, rank.kind, self.gazetteer)
        if place is None or country not in (None, place.country):
            return Named(first, last, rank.kind, value, country, score, rank.word, bare)
        word = f"{rank.word}, listed as {place.name!r}"
        return Named(first, last, rank.kind, value, place.country, score, word, bare, place.id)

    def _behind(self, rank: Rank, end: int) -> list[Token]:
        """Return the words of the name behind "municipality of" or "Kabupaten"."""
        if self.text[end : end + 1] not in _SPACES:
            return []
        run = run_at(self.text, end + 1)
        tokens = [t for t in run.tokens if t.start > end] if run else []
        if not tokens or tokens[0].start != end + 1:
            return []
        kept: list[Token] = []
        for index, token in enumerate(tokens):
            if not self._belongs(tokens, index) or self._opens(token):
                break
            kept.append(token)
            if self.text[token.start : token.end].endswith(_POSSESSIVE):
                break
        label = self._label_end(kept[0].start) if kept else None
        if label is not None:
            return [t for t in kept if t.end <= label] or kept[:1]
        if len(kept) <= (_MOST_WORDS if " of" in rank.word else _FEW_WORDS):
            return kept
        officials = self.cues.officials  # "Kadis Perikanan Kabupaten X | Nama Orang"
        before = self.text[max(0, end - _REACH) : end - len(rank.word)]
        return kept[:1] if officials and officials.search(before) else []

    def _before(self, rank: Rank, start: int, end: int) -> list[Token]:
        """Return the words of the name before "Municipality" or "-gun"."""
        if rank.side == SUFFIX:
            return self._stem(start)
        run = run_at(self.text, start - 2)
        if run is None or self.text[start - 1 : start] not in _SPACES or self._goes_on(end):
            return []
        tokens = [t for t in run.tokens if t.end < start]
        if not tokens or tokens[-1].end != start - 1:
            return []
        kept: list[Token] = []
        for index in range(len(tokens) - 1, max(-1, len(tokens) - 1 - _MOST_WORDS), -1):
            token = tokens[index]
            possessive = self.text[token.start : token.end].endswith(_POSSESSIVE)
            if possessive or not self._belongs(tokens, index) or self._opens(token):
                break
            kept.insert(0, token)
        while kept and not kept[0].is_name:
            kept.pop(0)
        return kept

    def _stem(self, start: int) -> list[Token]:
        """Return the word that a suffix at ``start`` ends: "Nagaizumi | -cho"."""
        run = run_at(self.text, start - 1)
        tokens = run.tokens if run else ()
        whole = next((t for t in tokens if t.start < start < t.end), None)
        if whole is None:
            return []
        return [whole._replace(end=start, low=whole.low[: start - whole.start])]

    def _goes_on(self, end: int) -> bool:
        """Tell whether a capitalised word behind makes another name: "X County | Hospital"."""
        if self.text[end : end + 1] != " " or not self.text[end + 1 : end + 2].isupper():
            return False
        word = self.text[end + 1 : end + 40].split()[0].strip(".,;:()'’\"")
        return word.removesuffix("'s").removesuffix("’s").lower() not in self.cues.ranks.bodies

    def _belongs(self, tokens: Sequence[Token], index: int) -> bool:
        """Tell whether a word can be part of a name: a capital, or a particle between two."""
        token = tokens[index]
        if token.is_name:
            return not token.low[0].isdigit()
        inside = 0 < index < len(tokens) - 1
        return token.low in _PARTICLES and inside and tokens[index + 1].is_name

    def _opens(self, token: Token) -> bool:
        """Tell whether a capitalised word belongs to the sentence and not to the name."""
        low, ranks = token.low.rstrip(".").removesuffix("'s").removesuffix("’s"), self.cues.ranks
        known = low in self.cues.before or low in self.cues.months
        return known or low in ranks.stops or low in ranks.bodies or low in self.cues.special_ranks

    def _is_name(self, tokens: Sequence[Token], rank: Rank) -> bool:
        """Tell whether the words can be a place's name and are no words of another kind."""
        shown = self.text[tokens[0].start : tokens[-1].end]
        lows = [t.low for t in tokens]
        if len(shown) < _LEAST or any(w in self.cues.ranks.stops for w in lows):
            return False
        if all(self.text[t.start : t.end] in self.cues.not_places for t in tokens):
            return False
        if shown.isupper() and (rank.side == SUFFIX or rank.is_weak):
            return False  # "GIFT City"
        if rank.is_weak and len(tokens) == 1 and shown.endswith(_PEOPLES):
            return False  # "the Sardinian town"
        return not (rank.side != AFTER and rank.is_weak and shown in self.cues.given_names)

    def _is_unlisted(self, start: int, end: int, rank: Rank) -> bool:
        """Tell whether no listed place can be what the word asks for."""
        low, high = bisect_left(self.starts, start - _REACH), bisect_left(self.starts, end)
        hits = [f for f in self.found[low:high] if f.hit.end > start]
        if any(self._is_people(f) or f.hit.start < start or f.hit.end > end for f in hits):
            return False  # "Japanese prefecture"; "Kisumu County" is a name of its own
        places = {(p.span.start, p.span.end) for p in self.places}
        for item in hits:
            is_next = item.hit.end == end if rank.side == AFTER else item.hit.start == start
            is_whole = item.hit.start == start and item.hit.end == end
            alone = not any((f.hit.start, f.hit.end) in places for f in hits if f is not item)
            if is_next and not self._differs(item, rank, is_whole=is_whole, alone=alone):
                return False
        return True

    def _is_people(self, item: Found) -> bool:
        return item.hit.grades[0] == DEMONYM

    def _differs(self, item: Found, rank: Rank, *, is_whole: bool, alone: bool) -> bool:
        """Tell whether a listed name beside the word is not what it asks for.

        A part of the name ("City of Trent | Hills"), or a name without a referent of that kind.
        """
        if rank.side == BEFORE and not is_whole and " of" in rank.word and not rank.is_title:
            return alone
        if not rank.is_strict:
            return False
        places = [self.gazetteer.place(i) for i in item.hit.candidates[:_CANDIDATES]]
        if places[0].kind == "country":
            return False
        if rank.kind == "province":
            # A city of this size bears its province's name: "Tokyo Prefecture".
            fits = {"province", "regency"} & {p.kind for p in places}
            return not fits and places[0].population < _LARGE
        usual = fold_name(item.name)
        return not any(
            p.kind == "regency" or (p.kind == "province" and fold_name(p.name).startswith(usual))
            for p in places
        )

    def _is_labelled(self, start: int, end: int) -> bool:
        return any(s < end and start < e and label in PLACE_LABELS for s, e, label in self.entities)

    def _label_end(self, start: int) -> int | None:
        """Return where the model's place at ``start`` ends."""
        ends = [e for s, e, label in self.entities if s <= start < e and label in PLACE_LABELS]
        return max(ends, default=None)

    def _country(self, start: int, end: int, word: str = "") -> str | None:
        own = self.cues.ranks.countries.get(word)
        return country_said(self.text, start, end, own, self.places)
