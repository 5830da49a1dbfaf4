"""What publishers ask of machines that read their pages: read here, obeyed by policy elsewhere.

Values in, values out; nothing raises, and the time is in proportion to what is read. `robots.txt`
says what may be asked for; the words below say what may be done with an answer. We keep a copy of
each answer (archiving), and read facts out of it with rules and models (mining). We show no search
results and train no generative model.

========================================  ==========  =======================================
Words                                     forbid      and so, under ``fetch.opt_outs = "obey"``
========================================  ==========  =======================================
``tdm-reservation: 1`` (header, meta,     mining      no capture: this is the opt-out of
XMP of a PDF, ``tdmrep.json``)                        Article 4 of Directive (EU) 2019/790
``Content-Usage: tdm=n`` or ``bots=n``    mining      no capture
``Content-Signal: ai-input=no``           mining      no capture: our models read the text
``noai``                                  mining      no capture, for the same reason
``noarchive``, ``nocache``                archiving   no capture: an archive is what we keep
any of the words here, ``cityaccords:``   mining      no capture: who names us means us, though
before them or as the name of a meta                  the word were about search results
``Content-Signal: ai-train=no``,          training    recorded; the text trains no model
``Content-Usage: train-ai=n``, ``ai-use=n``
``nosnippet``, ``max-snippet:0``          quoting     recorded; about search results
``noindex``, ``none``, ``search=no``,     indexing    recorded: indexing is not archiving, and
``unavailable_after``                                 a page out of search may still be read
``noimageai``                             images      recorded: we ask for no images
========================================  ==========  =======================================

Sources: X-Robots-Tag and meta robots as the search engines document them; TDM Reservation Protocol
(W3C community group, final report of 2024-05-10), whose order is file, then header, then meta, a
later word replacing an earlier one; draft-ietf-aipref-attach and -vocab; Cloudflare's content
signals. Of words in conflict the most restrictive counts.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pipeline.path_patterns import Pattern, as_decoded, literal, path_of
from pipeline.robots import AGENT

MINING, ARCHIVING, TRAINING, QUOTING, INDEXING, IMAGES = (
    "mining",
    "archiving",
    "training",
    "quoting",
    "indexing",
    "images",
)
_ORDER = (MINING, ARCHIVING, TRAINING, QUOTING, INDEXING, IMAGES)
_ROBOTS_WORDS = {
    "noai": MINING,
    "noarchive": ARCHIVING,
    "nocache": ARCHIVING,
    "nosnippet": QUOTING,
    "noindex": INDEXING,
    "none": INDEXING,
    "unavailable_after": INDEXING,
    "noimageai": IMAGES,
}
# Labels of the IETF drafts, the older ones too, and of Cloudflare's signals.
_USAGE_WORDS = {
    "tdm": MINING,
    "bots": MINING,
    "ai-input": MINING,
    "ai": TRAINING,
    "genai": TRAINING,
    "train-ai": TRAINING,
    "train-genai": TRAINING,
    "ai-train": TRAINING,
    "ai-use": TRAINING,
    "ai-output": TRAINING,
    "search": INDEXING,
}
_VALUED = ("unavailable_after", "max-snippet", "max-image-preview", "max-video-preview")
_AGENT_NAME = re.compile(r"[A-Za-z_*][A-Za-z0-9_-]*")
_ATTRIBUTE = re.compile(r"(?<![\w:-])([\w:-]{1,40})\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
_RAW = re.compile(rb"<!--|<(script|style|textarea|title|template|noembed|xmp)\b|<meta[\s/]")
_XMP = re.compile(rb"tdm:reservation\s*(?:>|=\s*[\"'])\s*([01])\s*[<\"']")
_META_WITHIN = 500_000  # bytes; meta tags stand in the head, and scripts before them can be long
_MAX_TAG = 2_000  # bytes; a description can be long, a robots tag is not
_MAX_TAGS = 2_000  # a page has fifty; more are an attack on whoever reads them
_MAX_HEADERS = 200  # our HTTP client takes no more than a hundred
_MAX_VALUE = 4_000  # characters of one header or attribute that are looked at
_MAX_WORDS = 200  # characters of the words that are kept
MAX_TDMREP_BYTES = 1_000_000  # a rule has a hundred bytes, a site a handful of rules
_MAX_RULES = 10_000


@dataclass(frozen=True, slots=True)
class OptOut:
    """One wish: the rule it is written in, the words it was read from, and what they forbid."""

    rule: str
    words: str
    forbids: str

    @property
    def is_refusal(self) -> bool:
        """Tell whether it forbids what we would do with a page: keep it, and mine it."""
        return self.forbids in (MINING, ARCHIVING)


def opt_out(
    headers: tuple[tuple[str, str], ...],
    payload: bytes,
    media_type: str,
    site: OptOut | None = None,
) -> OptOut | None:
    """Return the wish that forbids most, or None where there is none.

    Args:
        headers: Names and values as they came; those that ``robots.usage`` gives may stand first.
        payload: The decoded body.
        media_type: Its type: tags are read in HTML, XMP in PDF.
        site: What ``tdmrep.json`` says of the address, see `TdmRep.reserved`.
    """
    found = opt_outs(headers, payload, media_type, site)
    return min(found, key=lambda wish: _ORDER.index(wish.forbids), default=None)


def opt_outs(
    headers: tuple[tuple[str, str], ...],
    payload: bytes,
    media_type: str,
    site: OptOut | None = None,
) -> tuple[OptOut, ...]:
    """Return all wishes, each once, in the order in which they were read."""
    named = [(name.strip().lower(), value[:_MAX_VALUE]) for name, value in headers[:_MAX_HEADERS]]
    kind = media_type.partition(";")[0].strip().lower()
    metas: list[tuple[str, str]] = []
    if kind == "application/pdf":
        metas = [("tdm-reservation", v.decode()) for v in _XMP.findall(payload)[:_MAX_TAGS]]
    elif "html" in kind or "xml" in kind or not kind:
        metas = list(_metas(payload))
    found = [wish for name, value in named for wish in _header_wishes(name, value)]
    for name, content in metas:
        found += _robots_wishes(f'meta name="{name}"', name, content)
    tdm = _tdm(metas, "meta", _tdm(named, "header", site))
    return tuple(dict.fromkeys(found if tdm is None else [*found, tdm]))


# Headers


def _header_wishes(name: str, value: str) -> Iterator[OptOut]:
    if name == "x-robots-tag":
        scope = "robots"
        for piece in value.split(","):
            head, colon, rest = piece.partition(":")
            if colon and head.strip().lower() not in _VALUED:
                if not _AGENT_NAME.fullmatch(head.strip()):
                    continue  # the clock of a date
                scope, piece = head.strip().lower(), rest
            yield from _robots_wishes("X-Robots-Tag", "robots" if scope == "*" else scope, piece)
    elif name in ("content-usage", "content-signal"):
        rule = "Content-Usage" if name == "content-usage" else "Content-Signal"
        yield from _usage_wishes(rule, value)


def _robots_wishes(rule: str, scope: str, text: str) -> Iterator[OptOut]:
    """Yield the wishes among robots words, which are for everybody, for us, or for another."""
    is_ours = scope == AGENT
    if not is_ours and scope != "robots":
        return
    spoken = re.sub(r"\s*:\s*", ":", text.lower())
    for word in re.split(r"[\s,;]+", spoken):
        name, _, value = word.partition(":")
        forbids = _ROBOTS_WORDS.get(name)
        if name == "max-snippet" and value == "0":
            forbids = QUOTING
        if forbids is not None:
            told = text.strip() if name == "unavailable_after" else word  # with its date
            shown = _shown(f"{AGENT}: {told}" if is_ours else told)
            yield OptOut(rule, shown, MINING if is_ours else forbids)


def _usage_wishes(rule: str, text: str) -> Iterator[OptOut]:
    for member in text.split(","):
        key, _, value = member.partition(";")[0].partition("=")
        forbids = _USAGE_WORDS.get(key.strip().lower())
        if forbids is not None and value.strip().strip("\"'").lower() in ("n", "no"):
            yield OptOut(rule, _shown(member), forbids)


def _tdm(pairs: Iterable[tuple[str, str]], where: str, before: OptOut | None) -> OptOut | None:
    """Return what a step of the TDM protocol says, or what the step before it said."""
    values = [(name.replace(":", "-"), value.strip()) for name, value in pairs]
    told = [value for name, value in values if name == "tdm-reservation" and value in ("0", "1")]
    if not told:  # other values are protocol errors, and as if they were not there
        return before
    if "1" not in told:
        return None
    policy = next((value for name, value in values if name == "tdm-policy"), "")
    words = f"tdm-reservation: 1; tdm-policy: {policy}" if policy else "tdm-reservation: 1"
    return OptOut(f"TDM reservation ({where})", _shown(words), MINING)


def _shown(words: str) -> str:
    kept = "".join(char if char.isprintable() else " " for char in words[: 2 * _MAX_WORDS])
    return " ".join(kept.split())[:_MAX_WORDS]


# Tags


def _metas(payload: bytes) -> Iterator[tuple[str, str]]:
    """Yield name and content of the meta tags that may matter, outside comments and scripts."""
    payload = payload[:_META_WITHIN]
    if payload.startswith((b"\xff\xfe", b"\xfe\xff")):
        payload = payload.decode("utf-16", "replace").encode()
    low = payload.lower()
    if not any(word in low for word in (b"robots", AGENT.encode(), b"tdm-reservation")):
        return  # nearly all pages end here
    position = count = 0
    while count < _MAX_TAGS and (match := _RAW.search(low, position)) is not None:
        position = match.end()
        if match[0] == b"<!--":
            position = _behind(low, b"-->", match.start() + 2)
        elif match[1] is not None:
            position = _behind(low, b"</" + match[1], position)
        else:
            count += 1
            end = low.find(b">", position, position + _MAX_TAG)
            tag = payload[position : end if end >= 0 else position + _MAX_TAG]
            yield from _meta(tag.decode("utf-8", "replace"))


def _behind(low: bytes, mark: bytes, start: int) -> int:
    """Return where a region ends; one without an end takes the rest, as in browsers."""
    end = low.find(mark, start)
    return len(low) if end < 0 else end + len(mark)


def _meta(tag: str) -> Iterator[tuple[str, str]]:
    named: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(tag):
        value = match[2] or match[3] or match[4] or ""
        named.setdefault(match[1].lower(), html.unescape(value).strip())
    name = (named.get("name") or named.get("property") or "").lower()
    if name in ("robots", AGENT, "tdm-reservation", "tdm-policy") and "content" in named:
        yield name, named["content"]


# The file on the server


@dataclass(frozen=True, slots=True)
class TdmRep:
    """The rules of ``/.well-known/tdmrep.json``, in their order; the first that matches counts."""

    rules: tuple[tuple[str, bool, str], ...] = ()  # location, is it reserved, policy

    @classmethod
    def parse(cls, payload: bytes) -> TdmRep:
        """Return the rules of a file; one that cannot be read is as if it were not there."""
        if len(payload) > MAX_TDMREP_BYTES:
            return cls()
        try:
            value = json.loads(payload.decode("utf-8-sig"))
        except (ValueError, RecursionError):
            return cls()
        rows = value if isinstance(value, list) else [value]
        rules = (_rule(row) for row in rows[:_MAX_RULES])
        return cls(tuple(rule for rule in rules if rule is not None))

    def reserved(self, path: str) -> OptOut | None:
        """Return the reservation for a path or an address, or None."""
        target = literal(as_decoded(path_of(path)))
        for location, is_reserved, policy in self.rules:
            if Pattern(as_decoded(location)).matches(target):
                if not is_reserved:
                    return None
                words = f"location: {location}; tdm-reservation: 1"
                told = f"{words}; tdm-policy: {policy}" if policy else words
                return OptOut("TDM reservation (tdmrep.json)", _shown(told), MINING)
        return None


def _rule(row: object) -> tuple[str, bool, str] | None:
    if not isinstance(row, dict):
        return None
    location, told = row.get("location"), row.get("tdm-reservation")
    policy = row.get("tdm-policy")
    if not isinstance(location, str) or not location.strip():
        return None
    if isinstance(told, list | dict) or told not in (0, 1, "0", "1"):  # true and false are 1 and 0
        return None
    location = location.strip()
    if "://" in location[:10]:
        location = path_of(location)  # a whole address: the meaning is plain
    elif location[0] not in "/*":
        location = f"/{location}"
    return location, told in (1, "1"), policy if isinstance(policy, str) else ""
