"""What a robots.txt allows, by RFC 9309. Values in, values out; ``web`` fetches the file."""

from __future__ import annotations

import logging
import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from protego import Protego

AGENT = "cityaccords"  # the product token that a robots.txt may name
MAX_BYTES = 512_000  # RFC 9309: at least 500 KiB must be read; what follows is not
MAX_DELAY = 300.0  # seconds; longer Crawl-delays are mistakes or refusals (Heritrix's limit)
# Verdicts on a host: its rules hold; it has none (4xx), so all is allowed; or it could not be read
# (5xx, unreachable), so nothing is.
_AGENT_LINE = re.compile(r"^(\s*user-?\s?agent\s*[:\s]\s*)(.*)", re.I)
_GROUP_LINE = re.compile(r"\s*(?:user-?\s?agent|allow|d\w*al+[ao]w|crawl[-\s]delay)\b", re.I)
_SITEMAP_LINE = re.compile(r"\s*site-?maps?\s*:\s*(\S+)", re.I)
_TOKEN = re.compile(r"[A-Za-z_-]+")
_NOBODY = "zz-nobody"  # an agent that no group may belong to
RULES, MISSING, UNREACHABLE = "rules", "missing", "unreachable"


def verdict_of(status: int) -> str:
    """Return the verdict for a final status of robots.txt.

    429 asks for less and not for more, so it counts as unreachable, as Google does.
    """
    if 200 <= status < 300:
        return RULES
    if 300 <= status < 500 and status != 429:
        return MISSING
    return UNREACHABLE


def decode(payload: bytes) -> str:
    """Return the text of a robots.txt: a byte order mark must not hide the first line."""
    return payload[:MAX_BYTES].decode("utf-8", "replace").lstrip("\ufeff\ufffe\u200b \t\r\n")


def _naming(agent: str, text: str) -> str:
    """Return the lines that make groups, with ``User-agent`` lines that only ``agent`` can match.

    RFC 9309, 2.2.1: the product token counts, letters and `_-`, whole and in any case; what follows
    it does not. Protego would take a group for `city` for ours and not see ours in `cityaccords/2`.
    Other lines (2.2.4) must not interfere with the groups, so they are left out.
    """
    lines = [line for line in text.splitlines() if _GROUP_LINE.match(line)]

    def named(match: re.Match[str]) -> str:
        value = match[2].strip()
        if value == "*" or value[:2] in ("* ", "*\t", "*#"):
            return f"{match[1]}*"
        token = _TOKEN.match(value)
        ours = token is not None and token[0].lower() == agent.lower()
        return f"{match[1]}{agent if ours else _NOBODY}"

    return "\n".join(_AGENT_LINE.sub(named, line) for line in lines)


@lru_cache(maxsize=256)
def _rules(text: str, agent: str) -> Protego | None:
    from protego import Protego

    try:
        return Protego.parse(_naming(agent, text))
    except (ValueError, AttributeError, TypeError, RecursionError) as error:
        # None known; a file that breaks the parser must not end the run, nor be taken for consent.
        logging.getLogger(__name__).warning("robots.txt not understood: %s", error)
        return None


def allows(verdict: str, text: str | None, url: str, agent: str = AGENT) -> bool:
    """Tell whether an agent may ask for ``url``."""
    if verdict == RULES:
        rules = _rules(text or "", agent)
        return rules is not None and bool(rules.can_fetch(url, agent))
    return verdict == MISSING


def crawl_delay(verdict: str, text: str | None) -> float:
    """Return the pause in seconds that robots.txt asks for, 0 where it asks for none."""
    rules = _rules(text or "", AGENT) if verdict == RULES else None
    delay = rules.crawl_delay(AGENT) if rules is not None else None
    return min(max(0.0, float(delay or 0.0)), MAX_DELAY)


def sitemaps(verdict: str, text: str | None) -> tuple[str, ...]:
    """Return the sitemaps that robots.txt names."""
    if verdict != RULES:
        return ()
    found = (_SITEMAP_LINE.match(line) for line in (text or "").splitlines())
    return tuple(dict.fromkeys(match[1] for match in found if match))
