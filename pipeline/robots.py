"""What a robots.txt allows, by RFC 9309. Values in, values out; ``web`` fetches the file.

RFC 9309 and Google's parser differ on percent signs: the RFC compares ``/%62%61%7A`` and ``/baz``
as equal, Google's does not. An address may be asked for only if both readings allow it. Mistakes
that Google forgives (no colon, ``dissallow``) are forgiven here, too: their meaning is plain.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from pipeline.path_patterns import Pattern, as_decoded, as_written, literal, path_of

AGENT = "cityaccords"  # the product token that a robots.txt may name
MAX_BYTES = 512_000  # RFC 9309: at least 500 KiB must be read; what follows is not
MAX_DELAY = 300.0  # seconds; longer Crawl-delays are mistakes or refusals (Heritrix's limit)
_MAX_LINE = 2_083 * 8 - 1  # characters; Google's limit, eight times the longest address of browsers
# Verdicts on a host: its rules hold; it has none (4xx), so all is allowed; or it could not be read
# (5xx, unreachable), so nothing is.
RULES, MISSING, UNREACHABLE = "rules", "missing", "unreachable"
_LINE_END = re.compile(r"\r\n|\r|\n")
# Only these end a list of `User-agent` lines; others must not interfere with the groups (2.2.4).
_KEYS = (
    ("agent", re.compile(r"user[- ]?agent", re.I)),
    ("allow", re.compile(r"allow", re.I)),
    ("disallow", re.compile(r"d\w{0,2}s+al*[ao]w|diasl+ow", re.I)),
    ("delay", re.compile(r"crawl[- ]?delay\s*$", re.I)),
    ("rate", re.compile(r"request[- ]?rate\s*$", re.I)),
    ("usage", re.compile(r"content-(?:usage|signal)\s*$", re.I)),
    ("sitemap", re.compile(r"site-?maps?\s*$", re.I)),
)
_TOKEN = re.compile(r"[A-Za-z_-]+")
_DELAY = re.compile(r"(\d[\d.,]*(?:e\+?\d+)?|\.\d+|inf)\s*(ms|[smhd])?", re.I)
_SECONDS = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}
_RATE = re.compile(r"(\d{1,9})\s*/\s*(\d{1,9})\s*([smhd]?)", re.I)


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
    """Return the text of a robots.txt, at most `MAX_BYTES` of it.

    A byte order mark, whole or in part, must not hide the first line, nor UTF-16 all of them. Of a
    longer file the last line that was begun is left out: half a rule is another rule.
    """
    head = payload[:MAX_BYTES]
    if len(payload) > MAX_BYTES and payload[MAX_BYTES : MAX_BYTES + 1] not in (b"\r", b"\n"):
        head = head[: max(head.rfind(b"\n"), head.rfind(b"\r")) + 1]
    is_wide = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = head.decode("utf-16" if is_wide else "utf-8", "replace").replace("\0", "")
    return text.removeprefix("ï»¿").lstrip("\ufeff\ufffe\ufffd\u200b \t\r\n")


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """Yield kind and value of each line that we know."""
    for line in _LINE_END.split(text):
        told = line[:_MAX_LINE].partition("#")[0].strip()
        key, colon, value = told.partition(":")
        if not colon:  # `Disallow /`: understood where there are two words
            words = told.split()
            if told[:10].lower() == "user agent" and len(words) == 3:
                words = ["user-agent", words[2]]
            if len(words) != 2:
                continue
            key, value = words
        for kind, pattern in _KEYS:
            if pattern.match(key.strip()):
                name = key.strip().lower()
                yield (kind, value.strip()) if kind != "usage" else (name, value.strip())
                break


@dataclass(slots=True, eq=False)
class _Group:
    """The rules of all groups that belong to one agent, or to everybody."""

    is_named: bool = False
    rules: list[tuple[bool, str]] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)
    usage: list[tuple[str, str]] = field(default_factory=list)

    def add(self, kind: str, value: str) -> None:
        if kind in ("allow", "disallow"):
            self.rules.append((kind == "allow", value))
        elif kind == "delay":
            self.delays.append(_delay(value))
        elif kind == "rate":
            self.delays.append(_rate(value))
        else:
            self.usage.append((kind, value))


def _group_of(text: str, agent: str) -> _Group:
    """Return the merged groups that name an agent, else those for everybody (2.2.1)."""
    outside, everybody, own = _Group(), _Group(), _Group()
    current: list[_Group] = []
    is_open = is_begun = False  # between `User-agent` lines of one group; after the first of all
    for kind, value in _lines(text):
        if kind == "sitemap":
            continue
        if kind != "agent":
            is_open = False
            if not is_begun:
                outside.add(kind, value)
            for group in current:
                group.add(kind, value)
            continue
        if not is_open:
            current, is_open, is_begun = [], True, True
        target = everybody if _is_everybody(value) else own if _names(value, agent) else None
        if target is not None:
            target.is_named = True
            if target not in current:
                current.append(target)
    chosen = own if own.is_named else everybody
    chosen.usage += outside.usage  # rules outside a group mean nothing, reservations are for all
    return chosen


def _is_everybody(value: str) -> bool:
    return value[:1] == "*" and (len(value) == 1 or value[1].isspace())


def _names(value: str, agent: str) -> bool:
    """Tell whether the product token, whole and in any case, is the agent's."""
    token = _TOKEN.match(value)
    return token is not None and token[0].lower() == agent.lower()


def _delay(value: str) -> float:
    """Return the seconds of a ``Crawl-delay``; 0 for what is no number."""
    match = _DELAY.match(value)
    if match is None:
        return 0.0
    try:
        number = float(match[1].replace(",", "."))
    except ValueError:
        return 0.0
    return min(number * _SECONDS[(match[2] or "").lower()], MAX_DELAY)


def _rate(value: str) -> float:
    """Return the pause that ``Request-rate: 1/10s`` asks for."""
    match = _RATE.match(value)
    if match is None or int(match[1]) == 0:
        return 0.0
    return min(int(match[2]) * _SECONDS[match[3].lower()] / int(match[1]), MAX_DELAY)


class _Reading:
    """Rules in one reading, the most specific first; of two alike the one that allows."""

    def __init__(self, rules: list[tuple[bool, str]]) -> None:
        made = [(allows, Pattern(text)) for allows, text in rules if text]
        made.sort(key=lambda rule: (rule[1].priority, rule[0]), reverse=True)
        self.texts = [(allows, pattern.text) for allows, pattern in made]
        self._plain = [rule for rule in made if rule[1].is_plain]
        self._other = [rule for rule in made if not rule[1].is_plain]
        self._prefixes = tuple(pattern.text for _, pattern in self._plain)

    def allows(self, path: str) -> bool:
        found: list[tuple[int, bool]] = [(0, True)]
        if self._prefixes and path.startswith(self._prefixes):  # one call for thousands of rules
            found += self._first(self._plain, path)
        found += self._first(self._other, path)
        return max(found)[1]

    def _first(self, rules: list[tuple[bool, Pattern]], path: str) -> list[tuple[int, bool]]:
        for allows, pattern in rules:
            if pattern.matches(path):
                return [(pattern.priority, allows)]
        return []


class _Rules:
    """What a robots.txt says to one agent."""

    def __init__(self, text: str, agent: str) -> None:
        group = _group_of(text, agent)
        self.delay = max(group.delays, default=0.0)
        self.usage = tuple(group.usage)
        written = [rule for allow, value in group.rules for rule in _with_index(allow, value)]
        self._written = _Reading(written)
        self._decoded = _Reading([(allow, as_decoded(value)) for allow, value in written])

    def allows(self, url: str) -> bool:
        path = path_of(url)
        written, decoded = literal(path), literal(as_decoded(path))
        if not self._written.allows(written):
            return False
        is_same = written == decoded and self._written.texts == self._decoded.texts
        return is_same or self._decoded.allows(decoded)


def _with_index(allows: bool, value: str) -> Iterator[tuple[bool, str]]:
    """Yield a rule; one that allows ``/a/index.html`` also allows ``/a/``, as Google has it."""
    pattern = as_written(value)
    yield allows, pattern
    folder, slash, name = pattern.rpartition("/")
    if allows and slash and name.startswith("index.htm"):
        yield True, f"{folder}/$"


@lru_cache(maxsize=256)
def _rules(text: str, agent: str) -> _Rules:
    return _Rules(text, agent)


def allows(verdict: str, text: str | None, url: str, agent: str = AGENT) -> bool:
    """Tell whether an agent may ask for ``url``."""
    if verdict == RULES:
        return _rules(text or "", agent).allows(url)
    return verdict == MISSING


def crawl_delay(verdict: str, text: str | None) -> float:
    """Return the pause in seconds that robots.txt asks for, 0 where it asks for none.

    The longest of all ``Crawl-delay`` and ``Request-rate`` lines for us counts.
    """
    return _rules(text or "", AGENT).delay if verdict == RULES else 0.0


def usage(verdict: str, text: str | None, url: str) -> tuple[tuple[str, str], ...]:
    """Return the ``content-usage`` and ``content-signal`` lines for us that hold for an address.

    Names in lower case, as if they were headers of the answer, so that ``opt_outs`` reads both. A
    line may begin with a path pattern: the longest that matches counts (draft-ietf-aipref-attach).
    """
    if verdict != RULES:
        return ()
    path = literal(as_decoded(path_of(url)))
    best: dict[str, tuple[int, list[str]]] = {}
    for name, value in _rules(text or "", AGENT).usage:
        words = value.split(maxsplit=1) if value.startswith("/") else ["", value]
        pattern = Pattern(as_decoded(words[0]))
        if len(words) < 2 or not pattern.matches(path):
            continue
        length, told = best.get(name, (-1, []))
        if pattern.priority > length:
            best[name] = (pattern.priority, [words[1]])
        elif pattern.priority == length:
            told.append(words[1])
    return tuple((name, value) for name, (_, values) in best.items() for value in values)


def sitemaps(verdict: str, text: str | None) -> tuple[str, ...]:
    """Return the sitemaps that robots.txt names."""
    if verdict != RULES:
        return ()
    found = (value.split()[0] for kind, value in _lines(text or "") if kind == "sitemap" and value)
    return tuple(dict.fromkeys(found))
