"""Strands: what is told of one agreement of a pair, while the mentions are being merged."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipeline.builders import edtf
from pipeline.builders.model import Telling

TWINNING = "sister_city_agreement"
INTENT = "letter_of_intent"
UNSPECIFIED = "unspecified"
ASSERTED = "asserted"
DATED = (ASSERTED, "planned")  # modalities whose date is, or is to be, the day of a signing
BEFORE_SIGNING = ("exploring", "intended")  # stages in which nothing was concluded


@dataclass(slots=True)
class Strand:
    """Tellings that are one agreement. ``signed`` is the date that identifies its signing."""

    instruments: set[str]
    tellings: list[Telling] = field(default_factory=list)
    signed: str | None = None
    captures: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Note the document versions that tell it: ``captures``."""
        self.captures |= {t.mention.capture_id for t in self.tellings}

    def add(self, telling: Telling) -> None:
        """Take a telling."""
        self.tellings.append(telling)
        self.captures.add(telling.mention.capture_id)

    @property
    def sectors(self) -> set[str]:
        """The sectors that its tellings name."""
        return {s for t in self.tellings for s in t.mention.sectors}

    @property
    def has_signing(self) -> bool:
        """Tell whether any text says that it came to a signing; a plan or a denial does not."""
        return any(
            (m.stage not in BEFORE_SIGNING and m.modality == ASSERTED)
            or m.start_date
            or any(s.stage == "signed" and s.modality == ASSERTED for s in m.steps)
            for m in (t.mention for t in self.tellings)
        )

    @property
    def key(self) -> tuple[tuple[int, int], str, tuple[str, int, int, str]]:
        """Order by signing, then by content."""
        return edtf.order(self.signed), min(self.instruments), min(t.key for t in self.tellings)

    def absorb(self, other: Strand) -> None:
        """Take over another strand."""
        self.instruments |= other.instruments
        self.tellings += other.tellings
        self.captures |= other.captures
        self.signed = min(self.signed, other.signed, key=edtf.order)


def signing_of(telling: Telling) -> str | None:
    """Return the date on which a text says that the agreement was signed, or is to be, or began."""
    m = telling.mention
    if m.start_date:
        return m.start_date
    told = [s.date for s in m.steps if s.stage == "signed" and s.date and s.modality in DATED]
    if told:
        return min(told, key=edtf.order)
    # The day of a signing that is denied or only imagined is no day of a signing.
    return m.date if m.stage == "signed" and m.modality in DATED else None


def when(telling: Telling) -> str | None:
    """Return a date for ordering: the signing, the newest step, else the day of the report."""
    return signing_of(telling) or telling.mention.date or telling.document.published
