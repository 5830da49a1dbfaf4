"""Pages without network, scripts or foreign fonts, safe against hostile names.

Every text passes Jinja's escaping; links are kept only if they are http or https; control
characters, which a page cannot show, and characters that turn the direction of what follows are
replaced; of marks heaped on one letter, which would paint over the lines above, a few are shown.
"""

from __future__ import annotations

import re
from pathlib import Path

TEMPLATES = Path(__file__).resolve().parents[1] / "templates"
_LINK = re.compile(r"https?://[^\s<>\"'`\\]+", re.IGNORECASE)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")
# Combining marks of European scripts, symbols and half marks. Vietnamese heaps two on a letter,
# Biblical Hebrew and phonetic transcription up to four; no name needs a fifth.
_MARK = (
    "[\u0300-\u036f\u0483-\u0489\u0591-\u05c7\u064b-\u065f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff"
    "\ufe20-\ufe2f]"
)
_HEAP = re.compile(f"({_MARK}{{4}}){_MARK}+")


def safe_link(url: str) -> str:
    """Return a URL that may be a link, or an empty string."""
    return url if _LINK.fullmatch(url) else ""


def plain(text: object) -> str:
    """Return a text without the control and direction characters that could disturb the page."""
    return _HEAP.sub(r"\1", _CONTROL.sub("\ufffd", str(text)))


def brief(text: str, longest: int) -> str:
    """Return a text cut to a length that a page can show."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def page_of(template: str, **values: object) -> bytes:
    """Fill in a template.

    Args:
        template: Its file name, or its text (which has line breaks).
        values: What it shows.

    Raises:
        jinja2.UndefinedError: It asks for what is not given: a mistake in code.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: plain(value) if type(value) is str else value,
    )
    environment.filters["link"] = safe_link
    environment.filters["brief"] = brief
    environment.filters["number"] = lambda value: f"{value:,}"
    found = (
        environment.from_string(template)
        if "\n" in template
        else environment.get_template(template)
    )
    return found.render(**values).encode("utf-8", "replace")
