"""A researcher's corrections, read from the text of ``corpus/judgements/corrections.yml``.

A correction of a cell names the agreement, the column, the value and the words that say so; one of
a mention names the document and the words that are no agreement; one of an agreement names the
other one of the same two parties that it is the same as, which stands for both::

    agreements:
      - agreement: CA-000012
        field: signed_date
        value: "1985-07-20"
        doc_id: 0f3a5c7e9b1d2f46
        quote: signed the pact on 20 July 1985
        reason: the text counts the year of the visit
        by: R. Sari
    not_agreements:
      - doc_id: 0f3a5c7e9b1d2f46
        quote: the cup final between Leeds and Durban
        reason: a match
    same_as:
      - agreement: CA-000031
        same_as: CA-000012
        doc_id: 0f3a5c7e9b1d2f46
        quote: the memorandum of 1985, which papers call a charter
        reason: one paper under two names

Only the words decide whether a correction still holds: where the newest version of the document
no longer has them, it is re-opened, which means reported and not applied.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.builders import edtf
from pipeline.builders.judgements import line_of, parse_yaml
from pipeline.config import ConfigError
from pipeline.records import Agreement, Mention, Span
from pipeline.text import QUOTE_WORDS

BASIS = "reviewer"  # of a cell that a person decided
DATES = ("first_date", "signed_date", "latest_date", "ended_date")
CODED = {"instrument": "instrument", "stage": "stage", "follow_up": "follow_up"}  # and dimension
_EDTF = re.compile(r"\d{3}[0-9X](-\d{2}){0,2}[~?%]?(/(\d{4}(-\d{2}){0,2}|\.\.))?")


class _Cell(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    agreement: str = Field(pattern=r"^CA-\d{6,}$")
    field: str
    value: str | None = None
    doc_id: str = Field(pattern=r"^[0-9a-f]{16}$")
    quote: str = Field(min_length=1)
    reason: str = Field(min_length=1)
    by: str = ""
    on: str = ""


class _NoAgreement(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    doc_id: str = Field(pattern=r"^[0-9a-f]{16}$")
    quote: str = Field(min_length=1)
    reason: str = Field(min_length=1)
    by: str = ""
    on: str = ""


class _SameAs(_NoAgreement):
    agreement: str = Field(pattern=r"^CA-\d{6,}$")
    same_as: str = Field(pattern=r"^CA-\d{6,}$")


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    agreements: tuple[_Cell, ...] = ()
    not_agreements: tuple[_NoAgreement, ...] = ()
    same_as: tuple[_SameAs, ...] = ()


@dataclass(frozen=True, slots=True)
class Correction:
    """One decision; without an agreement it says that the words tell none.

    With ``same_as`` it says which other agreement this one is, and has no field.
    """

    where: str
    doc_id: str
    quote: str
    reason: str
    agreement_id: str = ""
    field: str = ""
    value: str | None = None
    same_as: str = ""

    @property
    def digest(self) -> str:
        """The fingerprint of what was decided; where in the file it stands does not count."""
        told = [self.agreement_id, self.field, self.value or "", self.doc_id, self.quote]
        told += [self.same_as] if self.same_as else []  # older decisions keep their fingerprint
        return hashlib.sha256("\0".join(told).encode()).hexdigest()[:16]


def parse_corrections(
    text: str, where: str, codes: Mapping[str, Collection[str]]
) -> tuple[Correction, ...]:
    """Read the corrections, those of cells first.

    Args:
        text: The file's text; an empty one holds none.
        where: The file's name, for messages.
        codes: The codebook's ids by dimension.

    Raises:
        ConfigError: It is not as it must be; the message gives file, line and what to write.
    """
    node, data = parse_yaml(text, where)
    try:
        file = _File.model_validate(data)
    except ValidationError as error:
        lines = [
            f"{where}:{line_of(node, e['loc'])}: {'.'.join(map(str, e['loc'])) or 'file'}: "
            f"{e['msg']}"
            for e in error.errors()
        ]
        allowed = "See docs/how-to/correct-a-record.md for the form."
        raise ConfigError("\n".join([*lines, allowed])) from error
    found: list[Correction] = []
    cells: dict[tuple[str, str], str] = {}
    for number, cell in enumerate(file.agreements):
        place = f"{where}:{line_of(node, ('agreements', number))}"
        wrong = _wrong(cell, codes)
        key = (cell.agreement, cell.field)
        if key in cells:
            wrong = f"{cell.agreement} {cell.field} is corrected in {cells[key]} too: keep one"
        if wrong:
            msg = f"{place}: {wrong}."
            raise ConfigError(msg)
        cells[key] = place
        found.append(
            Correction(
                where=place,
                doc_id=cell.doc_id,
                quote=cell.quote,
                reason=cell.reason,
                agreement_id=cell.agreement,
                field=cell.field,
                value=cell.value or None,
            )
        )
    return (*found, *_struck(file, node, where), *_same(file, node, where))


def _same(file: _File, node: yaml.Node | None, where: str) -> list[Correction]:
    found: dict[str, Correction] = {}
    for number, given in enumerate(file.same_as):
        place = f"{where}:{line_of(node, ('same_as', number))}"
        wrong = ""
        if given.agreement in found:
            wrong = f"{given.agreement} is said to be another one in {found[given.agreement].where}"
        elif heir_of(given.same_as, found) == given.agreement:
            wrong = f"{given.agreement} would be the same as itself: keep the id that is to stand"
        if wrong:
            msg = f"{place}: {wrong}."
            raise ConfigError(msg)
        found[given.agreement] = Correction(
            where=place,
            doc_id=given.doc_id,
            quote=given.quote,
            reason=given.reason,
            agreement_id=given.agreement,
            same_as=given.same_as,
        )
    return list(found.values())


def heir_of(agreement_id: str, same: Mapping[str, Correction]) -> str:
    """Return the agreement that stands for this one in the end; of a chain the last one."""
    while agreement_id in same:
        agreement_id = same[agreement_id].same_as
    return agreement_id


def _struck(file: _File, node: yaml.Node | None, where: str) -> list[Correction]:
    return [
        Correction(
            where=f"{where}:{line_of(node, ('not_agreements', number))}",
            doc_id=given.doc_id,
            quote=given.quote,
            reason=given.reason,
        )
        for number, given in enumerate(file.not_agreements)
    ]


def _wrong(cell: _Cell, codes: Mapping[str, Collection[str]]) -> str:
    if len(cell.quote.split()) > QUOTE_WORDS:
        return f"the quote has more than {QUOTE_WORDS} words"
    if cell.field in DATES:
        if cell.value and not _EDTF.fullmatch(cell.value):
            return f"{cell.value!r} is no date such as 1985, 1985-07 or 1985-07-20"
        return ""
    if cell.field not in CODED:
        return f"{cell.field!r} cannot be corrected; these can: {', '.join((*CODED, *DATES))}"
    allowed = codes[CODED[cell.field]]
    if cell.value not in allowed:
        return f"{cell.value!r} is no {cell.field}; the codebook has {', '.join(sorted(allowed))}"
    return ""


def find_once(text: str, quote: str) -> Span | None:
    """Return where a quote stands in a text; None where it does not stand there exactly once."""
    start = text.find(quote)
    if start < 0 or text.find(quote, start + 1) >= 0:
        return None
    return Span(start=start, end=start + len(quote))


def is_struck(mention: Mention, spans: Collection[Span]) -> bool:
    """Tell whether the sentence of a mention and words that tell no agreement overlap."""
    return any(s.start < mention.span.end and mention.span.start < s.end for s in spans)


def corrected(agreement: Agreement, correction: Correction) -> Agreement:
    """Return an agreement with one cell as a person decided it; the label follows its date."""
    changes: dict[str, Any] = {correction.field: correction.value}
    if correction.field == "first_date":
        old = edtf.year_of(agreement.first_date)
        new = edtf.year_of(correction.value)
        base = agreement.label.removesuffix(old).rstrip() if old else agreement.label
        changes["label"] = f"{base} {new}".rstrip()
    return replace(agreement, **changes)
