"""JSON answers of services: read with bounds, whatever a server sends."""

from __future__ import annotations

import json

MAX_BYTES = 20_000_000  # a page of a hundred whole posts has one or two million


def read_json(payload: bytes, what: str) -> tuple[object, str | None]:
    """Return the value of an answer, or None and what is wrong with it.

    Control characters inside strings are let through: several services send them.

    Args:
        payload: The body.
        what: Whose answer it is, for the message.
    """
    if len(payload) > MAX_BYTES:
        return None, f"{what}: answer larger than {MAX_BYTES:,} bytes"
    try:
        return json.loads(payload.decode("utf-8-sig", "replace"), strict=False), None
    except (ValueError, RecursionError):
        told = " ".join(payload[:200].decode("utf-8", "replace").split())
        shown = "".join(c for c in told if c.isprintable())[:120]
        return None, f"{what}: no JSON but: {shown or 'nothing'}"


def text_of(row: object, key: str) -> str:
    """Return a text in an object, or an empty one where there is none."""
    value = row.get(key) if isinstance(row, dict) else None
    return value if isinstance(value, str) else ""
