"""What an actor is: a possible party and every place where the text speaks of it.

Nothing is found here; `actors` finds them in a `View`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pipeline.records import Party, Span

GOVERNMENTS = ("city", "regency", "province")
# Ways to mention an actor that show its name.
NAMED = ("admin", "office", "name", "dateline", "location")


@dataclass(frozen=True, slots=True)
class ActorMention:
    """One place where the text speaks of an actor.

    ``how``: ``admin`` (with a government word), ``office`` (through its office holder), ``person``
        (the holder's name alone), ``name``, ``dateline``, ``location`` (as a place), ``within``
        (where the place before it lies: no party), ``anaphor``. ``is_joined``: a connector governs
        it ("with X").
    """

    span: Span
    unit: int
    how: str
    is_joined: bool = False


@dataclass(slots=True)
class Actor:
    """A possible party and where the text speaks of it, in text order."""

    key: str
    party: Party
    mentions: list[ActorMention] = field(default_factory=list)
    is_country: bool = False
    sure: float = 0.0  # the highest score that a tagger gave a mention

    @property
    def is_government(self) -> bool:
        """Tell whether this is a sub-national government."""
        return self.party.kind in GOVERNMENTS

    @property
    def joined_share(self) -> float:
        """The share of its named mentions that a connector governs.

        1 for who is only cooperated with.
        """
        named = [m for m in self.mentions if m.how in ("admin", "name", "office", "location")]
        return sum(m.is_joined for m in named) / len(named) if named else 0.0

    @property
    def named(self) -> list[ActorMention]:
        """The mentions that show the name."""
        return [m for m in self.mentions if m.how in NAMED]

    def units(self) -> set[int]:
        """Return the units that mention this actor in any way."""
        return {m.unit for m in self.mentions}
