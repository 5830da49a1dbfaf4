"""What an entity model calls a name of the gazetteer, and what that is worth.

In: the model's entities. Out: the label over a name; none where the model is known to be wrong.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.gazetteer import ALTERNATE, Toponym
from pipeline.taggers.place_recognise import IN_PERSON

Entity = tuple[int, int, str]


class Labels:
    """Looks up the entity over a span; calls come in text order."""

    def __init__(self, entities: Sequence[Entity]) -> None:
        """Take the entities in any order."""
        self._entities = sorted(entities)
        self._next = 0

    @property
    def last(self) -> Entity:
        """The entity that `at` has just found."""
        return self._entities[self._next]

    def at(self, start: int, end: int) -> str | None:
        """Return the label of the entity that touches ``[start, end)``."""
        while self._next < len(self._entities) and self._entities[self._next][1] <= start:
            self._next += 1
        if self._next < len(self._entities) and self._entities[self._next][0] < end:
            return self._entities[self._next][2]
        return None


def person_label(text: str, hit: Toponym, entity: Entity, is_longer: bool) -> str | None:
    """Return the label of a name that a model calls a person, or holds in one's name.

    Small models call many a town a person of one name; ``is_longer``: a longer one has the word.
    """
    start, end, label = entity
    before, after = text[start : hit.start], text[hit.end : end]
    if before.endswith(" ") and (before.split() or [""])[-1][:1].isupper():
        return IN_PERSON
    if after.startswith(" ") and after[1:2].isupper():
        return IN_PERSON
    usual = hit.grades[0] < ALTERNATE and not text[hit.start : hit.end].isupper()
    return label if before or after or is_longer or not usual else None
