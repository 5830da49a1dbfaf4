"""Several organisations under one head: "the Universities of Leeds and Bradford".

In: a text. Out: a candidate for each. The first span holds the head, the others the name alone; the
value of each is its full name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.taggers.organisation_mentions import REGISTER, Candidate

# head in the plural: the same in the singular, and the kind
_HEADS = {
    "Universities": ("University", "academia"),
    "Ministries": ("Ministry", "national_government"),
    "Embassies": ("Embassy", "national_government"),
    "Consulates": ("Consulate", "national_government"),
    "Chambers of Commerce": ("Chamber of Commerce", "association"),
}
_SIGNS = ("Universities of ", "Ministries of ", "Embassies of ", "Consulates of ", "Chambers of Co")
_NAME = r"(?:the )?[^\W\d_a-z][\w.'’-]*(?: [^\W\d_a-z][\w.'’-]*){0,2}"
_ROW = re.compile(
    rf"\b(?P<head>{'|'.join(_HEADS)}) of (?P<names>{_NAME}(?:, {_NAME}){{0,8}},? and {_NAME})"
)
_ONE = re.compile(_NAME)


def find_plurals(text: str) -> Iterator[Candidate]:
    """Yield each organisation of a row that shares its head."""
    for match in _ROW.finditer(text) if any(sign in text for sign in _SIGNS) else ():
        head, kind = _HEADS[match.group("head")]
        names = _ONE.finditer(text, match.start("names"), match.end("names"))
        for number, name in enumerate(names):
            start = name.start() if number else match.start()
            start += len("the ") if number and name.group().startswith("the ") else 0
            own = name.group().rstrip(".")
            why = f"head {head.lower()} shared"
            end = name.start() + len(own)
            yield Candidate(start, end, kind, REGISTER, why, f"{head} of {own}")
