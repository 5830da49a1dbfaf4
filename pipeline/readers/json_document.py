"""One record of an imported corpus: JSON whose ``text`` is kept code point for code point."""

from __future__ import annotations

import json
import re

from pipeline.readers import Payload, Published, Reading, Remark, UnreadableError
from pipeline.readers.calendar_dates import machine_date
from pipeline.readers.published import Judge, month_first
from pipeline.readers.text import in_nfc

_TAG = re.compile(r"^[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*$")
_OLD_TAGS = {
    "in": "id",
    "ind": "id",
    "eng": "en",
    "msa": "ms",
    "may": "ms",
    "zsm": "ms",
    "jav": "jv",
    "sun": "su",
}


def language_tag(value: str) -> str | None:
    """Return a BCP 47 tag in its usual form (``en-GB``), or None where the value is none."""
    if not _TAG.match(value):
        return None
    main, *rest = value.replace("_", "-").split("-")
    main = _OLD_TAGS.get(main.lower(), main.lower())
    return "-".join([main, *(part.upper() if len(part) == 2 else part for part in rest)])


def _optional(record: dict[str, object], key: str, remarks: list[Remark]) -> str | None:
    value = record.get(key)
    if value is None or value == "":
        return None
    if isinstance(value, str | int) and not isinstance(value, bool):
        return str(value)
    remarks.append(Remark(field=key, value=str(value)[:80], reason="not a string"))
    return None


def _published(value: str | None, payload: Payload, remarks: list[Remark]) -> Published | None:
    if value is None:
        return None
    judge = Judge(payload, order=month_first(payload, None))
    accepted = judge.accept(value, "import") if machine_date(value, judge.zone) else None
    if accepted is None:
        remarks += judge.remarks or [
            Remark(field="published", value=value[:80], reason="not a date (ISO 8601 or EDTF)")
        ]
    return accepted


def read_json_document(payload: Payload) -> Reading:
    """Read one imported record.

    Raises:
        UnreadableError: It is no JSON object or has no text.
    """
    try:
        record = json.loads(payload.body)
    except (ValueError, RecursionError) as error:
        msg = f"imported record: not JSON ({error})"
        raise UnreadableError(msg) from error
    raw = record.get("text") if isinstance(record, dict) else None
    if not isinstance(raw, str):
        msg = "imported record: no `text` of type string"
        raise UnreadableError(msg)
    if not raw.strip():
        msg = "too short: the imported record has an empty text"
        raise UnreadableError(msg)
    text, changed = in_nfc(raw)
    remarks = list(changed)
    stated = _optional(record, "language", remarks)
    language = language_tag(stated) if stated else None
    if stated and language is None:
        remarks.append(
            Remark(field="language", value=stated[:80], reason="not a language tag (BCP 47)")
        )
    return Reading(
        text=text,
        reader="json",
        title=_optional(record, "title", remarks),
        published=_published(_optional(record, "published", remarks), payload, remarks),
        language=language,
        remarks=tuple(remarks),
    )
