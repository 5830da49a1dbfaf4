"""A small world over many nights: pages that come, change, vanish, fail, return and are reprinted.

Everything follows from a seed and the number of the night, so that two runs see the same world. All
texts are of our own making; the agreements in them are invented.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import yaml

from tests import hostile

LOCALS = (
    "Bandung Surabaya Semarang Medan Makassar Denpasar Padang Palembang Yogyakarta Surakarta "
    "Manado Ambon Kupang Mataram Pontianak Balikpapan Banjarmasin"
).split()
PARTNERS = (
    ("Fort Worth", "the United States"),
    ("Braunschweig", "Germany"),
    ("Suwon", "South Korea"),
    ("Kitakyushu", "Japan"),
    ("Busan", "South Korea"),
    ("Brisbane", "Australia"),
    ("Ichikawa", "Japan"),
    ("Milwaukee", "the United States"),
    ("Qingdao", "China"),
    ("Hildesheim", "Germany"),
    ("Lyon", "France"),
    ("Rotterdam", "the Netherlands"),
    ("Leeds", "the United Kingdom"),
    ("Durban", "South Africa"),
    ("Da Nang", "Vietnam"),
    ("Adelaide", "Australia"),
)
_WORDS = (
    "harbour market garden library bridge school theatre ferry station river museum clinic "
    "village festival workshop court orchard lantern archive tram canal stadium kitchen nursery"
).split()
_DAYS = 10  # nights that a feed names a document: feeds are short
FIRST = date(2026, 3, 1)


@dataclass(frozen=True, slots=True)
class Story:
    """One page: where it stands, what it tells, and what befalls it. Nights count from 0."""

    number: int
    host: int
    born: int
    is_relevant: bool
    of: int | None = None  # the story whose text it repeats
    edited: int | None = None  # from this night on it has another text
    away: tuple[int, int] | None = None  # gone from the first night to before the second
    gone_status: int = 404
    failing: tuple[int, int] | None = None
    failure: str = "500"

    @property
    def path(self) -> str:
        """Its path, which never changes."""
        return f"/news/{self.number}.html"

    def version(self, night: int) -> int:
        """Return which text it shows."""
        return int(self.edited is not None and night >= self.edited)


def _during(span: tuple[int, int] | None, night: int) -> bool:
    return span is not None and span[0] <= night < span[1]


@dataclass(slots=True)
class World:
    """All stories, and the servers that show them."""

    seed: int
    hosts: int
    stories: list[Story]
    servers: list[hostile.HostileServer] = field(default_factory=list)

    def show(self, night: int) -> None:
        """Let every server show what it has on this night."""
        for number, server in enumerate(self.servers):
            own = [s for s in self.stories if s.host == number and s.born <= night]
            pages: dict[str, hostile.Page] = {
                s.path: _page_of(s, night, self.body(s, night)) for s in own
            }
            named = [s for s in own if night - s.born < _DAYS]
            pages["/robots.txt"] = hostile.robots("User-agent: *\nDisallow:\n")
            pages["/feed.xml"] = hostile.tagged(_feed(server.url(""), named), "application/rss+xml")
            if number == self.hosts - 1 and night % 9 == 4:
                pages["/feed.xml"] = hostile.status(503)
            server.pages = pages

    def body(self, story: Story, night: int) -> bytes:
        """Return the bytes of a page."""
        told = self.stories[story.of] if story.of is not None else story
        return _html(*_told(self.seed, told, told.version(night)), story.born)

    def urls(self, night: int) -> set[str]:
        """Return the addresses of all stories that were ever named by a feed."""
        return {self.servers[s.host].url(s.path) for s in self.stories if s.born <= night}


def make(seed: int, *, hosts: int = 4, nights: int = 30, each: int = 2, first: int = 6) -> World:
    """Return a world.

    Args:
        seed: Decides everything.
        hosts: Sources, one host each.
        nights: Length of the story.
        each: New documents per night, over all hosts; half of the nights bring fewer.
        first: Documents that are there before the first night.
    """
    pick = random.Random(f"world {seed}")
    stories: list[Story] = []
    for night in range(nights):
        count = first if night == 0 else pick.randint(0, each)
        for _ in range(count):
            stories.append(_story(pick, len(stories), hosts, night, nights, stories))
    return World(seed, hosts, stories)


def _story(
    pick: random.Random, number: int, hosts: int, night: int, nights: int, told: Sequence[Story]
) -> Story:
    host = pick.randrange(hosts)
    fate = pick.random()
    originals = [s for s in told if s.is_relevant and s.of is None and s.host != host]
    if fate < 0.2 and originals:
        return Story(number, host, night, True, of=pick.choice(originals).number)
    given = {"number": number, "host": host, "born": night, "is_relevant": pick.random() < 0.7}
    later = night + pick.randint(1, 6)
    if pick.random() < 0.06:
        return Story(**given, away=(night, night + nights), gone_status=pick.choice((404, 410)))
    if fate < 0.4:
        return Story(**given, edited=later)
    if fate < 0.6:
        until = later + pick.choice((2, 5, nights))
        return Story(**given, away=(later, until), gone_status=pick.choice((404, 410)))
    if fate < 0.8:
        failure = pick.choice(("500", "silent", "cut"))
        return Story(**given, failing=(night, night + pick.randint(1, 4)), failure=failure)
    return Story(**given)


def _page_of(story: Story, night: int, body: bytes) -> hostile.Page:
    if _during(story.away, night):
        return hostile.status(story.gone_status)
    if _during(story.failing, night):
        failures = {"500": hostile.status(500), "silent": hostile.silent, "cut": hostile.truncated}
        return failures[story.failure]
    return hostile.tagged(body, "text/html; charset=utf-8")


def _told(seed: int, story: Story, version: int) -> tuple[str, list[str]]:
    """Return title and paragraphs of a text."""
    pick = random.Random(f"text {seed} {story.number}")
    details = [
        f"The {pick.choice(_WORDS)} near the {pick.choice(_WORDS)} {pick.choice(_WORDS)} was "
        f"opened for {pick.randint(12, 900)} guests, and a {pick.choice(_WORDS)} was shown."
        for _ in range(4)
    ]
    if not story.is_relevant:
        extra = " More followed in the evening." if version else ""
        title = f"A day at the {pick.choice(_WORDS)} and the {pick.choice(_WORDS)}"
        return title, [*details, f"Rain fell on the {pick.choice(_WORDS)}.{extra}"]
    local = LOCALS[story.number % len(LOCALS)]
    partner, country = PARTNERS[story.number * 7 % len(PARTNERS)]
    day = date(2012, 1, 1) + timedelta(days=pick.randint(0, 4_000))
    day += timedelta(days=3 * version)
    when = f"{day.day} {day:%B %Y}"
    fields = " and ".join(pick.sample(("education", "tourism", "trade", "health"), 2))
    lead = (
        f"The City of {local}, Indonesia, signed a sister city agreement with the City of "
        f"{partner}, {country}, on {when}. It covers {fields}."
    )
    return f"{local} and {partner} become sister cities", [lead, *details]


def _html(title: str, paragraphs: Sequence[str], born: int) -> bytes:
    published = FIRST + timedelta(days=born)
    text = "".join(f"<p>{p}</p>" for p in paragraphs)
    return (
        "<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'>"
        f"<title>{title}</title>"
        f"<meta property='article:published_time' content='{published}T08:00:00+07:00'></head>"
        f"<body><article><h1>{title}</h1>{text}</article></body></html>"
    ).encode()


def _feed(origin: str, stories: Sequence[Story]) -> bytes:
    items = "".join(
        f"<item><title>Story {s.number}</title><link>{origin}{s.path}</link></item>"
        for s in stories
    )
    return (
        "<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel><title>News</title>"
        f"<link>{origin}/</link><description>Made for tests</description>{items}</channel></rss>"
    ).encode()


@contextmanager
def served(world: World) -> Iterator[frozenset[str]]:
    """Serve a world; gives the names of its hosts."""
    with ExitStack() as stack:
        world.servers = [stack.enter_context(hostile.serving({})) for _ in range(world.hosts)]
        yield frozenset(server.host for server in world.servers)


def prepare(root: Path, world: World, **fetch: object) -> None:
    """Write a workspace that knows the world's hosts as sources.

    Documents are asked for again after two days, so that thirty nights see every change.
    """
    keys = {"contact": '"nights@example.org"', "min_delay_seconds": 0.05, "recheck_days": 2}
    keys |= {"deadline_seconds": 0.4} | fetch
    lines = [f"{name} = {value}" for name, value in keys.items()]
    root.mkdir(parents=True, exist_ok=True)
    (root / "cityaccords.toml").write_text("\n".join(["[fetch]", *lines, ""]), "utf-8")
    folder = root / "corpus" / "sources" / "id"
    folder.mkdir(parents=True, exist_ok=True)
    for number, server in enumerate(world.servers):
        source = {
            "id": f"paper-{number}",
            "name": f"Paper {number}",
            "publisher": f"Paper {number}",
            "country": "ID",
            "timezone": "Asia/Jakarta",
            "languages": ["en"],
            "kind": "government" if number == 0 else "news",
            "homepage": server.url("/"),
            "fetch": [{"method": "feed", "url": server.url("/feed.xml")}],
        }
        (folder / f"paper-{number}.yml").write_text(yaml.safe_dump(source, sort_keys=False))
