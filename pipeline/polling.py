"""When to ask again: pure rules over times, without files, network or clock.

The model for feeds is Media Cloud's rss-fetcher (``fetcher/tasks.py``): an interval per feed that
follows what the feed brings, weights of failures, and a limit after which a feed is disabled.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_HOUR, _DAY_SECONDS = 3_600.0, 86_400.0
# rss-fetcher's weights: what may be gone for good counts more than what looks like a bad day.
WEIGHTS = {"hard": 1.0, "soft": 0.5, "temporary": 0.25}
_FIRST_WAIT = 1_800.0  # s after the first failure, doubled with each weight of 1
_LONGEST_RETRY = 30 * _DAY_SECONDS  # s; a Retry-After beyond a month is a mistake
_SLOT = 20 * _HOUR  # s; no wait of a night may be longer: a nightly run may begin an hour early
# after one that began an hour late, and the feed must not miss its night by minutes.
_HEAD = 65_536  # bytes of a feed in which its head stands; items beyond it do not tell a rhythm
_PERIODS = {
    "hourly": _HOUR,
    "daily": _DAY_SECONDS,
    "weekly": 7 * _DAY_SECONDS,
    "monthly": 30 * _DAY_SECONDS,
    "yearly": 365 * _DAY_SECONDS,
}
_TTL = re.compile(rb"<ttl>\s*(\d{1,9})\s*</ttl>", re.IGNORECASE)  # minutes (RSS 2.0)
_PERIOD = re.compile(rb"<[\w-]+:updatePeriod>\s*([a-z]{1,10})\s*</", re.IGNORECASE)
_FREQUENCY = re.compile(rb"<[\w-]+:updateFrequency>\s*([\d.]{1,9})\s*</", re.IGNORECASE)
_DIRECTIVE = re.compile(r"(?:^|[,\s])(max-age|no-cache|no-store)(?:\s*=\s*\"?(\d{1,12}))?")

_DAY = 10  # characters of a date with its day
_FIRST_ZONE, _LAST_ZONE = timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))
_TRUSTED = 1  # alarms in vain that cost nothing: a day without a time is asked for twice
_LONGEST_QUIET = timedelta(days=30)  # then a page is checked anyway (`fetch.recheck_days`)
_SLACK = timedelta(hours=12)  # so that a nightly run at an hour of its own counts as a day later


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The settings of polling, in seconds where no unit stands."""

    # A feed that is asked more often than hourly brings the same items: press offices and
    # newspapers publish in hours, and feeds hold a day of items or more.
    least: float = _HOUR
    # With nightly runs every fourth night: a feed of ten items may gain two a day and lose none.
    most: float = 4 * _DAY_SECONDS
    # rss-fetcher's limit: a month of hard failures, two of soft ones, four of temporary ones.
    give_up: float = 30.0
    # A disabled feed is looked at once a month: feeds do come back to life.
    probe: float = 30 * _DAY_SECONDS


DEFAULTS = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """The state of one feed, as far as it decides when to ask again.

    ``interval`` is the current pace in seconds, 0 for a feed that was never asked; ``declared`` the
    seconds between two changes that the publisher tells; ``failures`` the sum of weights since the
    last success.
    """

    interval: float = 0.0
    declared: float = 0.0
    failures: float = 0.0
    status: str | None = None
    next_due: str | None = None
    last_new_at: str | None = None
    disabled_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """A feed answered. ``changed`` is whether its bytes did; ``declared`` None: it did not say."""

    new: int = 0
    changed: bool = False
    declared: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """A feed did not answer, or with no feed. ``weight`` is a key of `WEIGHTS`."""

    reason: str
    weight: str = "hard"
    retry_after: float | None = None


def after(poll: Poll, event: Brought | Missed, now: str, limits: Limits = DEFAULTS) -> Poll:
    """Return the state of a feed after it was asked.

    New documents halve the interval, and bring one beyond a day back to a day; an answer that is
    the same as before doubles it; one that changed but brought nothing new leaves it. The interval
    stays within the limits. Failures do not touch it: they have waits of their own.

    Args:
        poll: What was known before.
        event: What happened.
        now: ISO 8601 with offset, the time of the run.
        limits: Settings.
    """
    if isinstance(event, Missed):
        return _failed(poll, event, now, limits)
    interval = _bounded(poll.interval or limits.least, limits.least, limits.most)
    if event.new > 0:
        interval = min(interval / 2, _DAY_SECONDS)
    elif not event.changed:
        interval *= 2
    declared = poll.declared if event.declared is None else event.declared
    settled = replace(
        poll,
        interval=_bounded(interval, limits.least, limits.most),
        declared=_bounded(declared, 0.0, _SLOT),
        failures=0.0,
        status="ok",
        last_new_at=now if event.new > 0 else poll.last_new_at,
        disabled_at=None,
    )
    return replace(settled, next_due=_later(now, wait_of(settled)))


def wait_of(poll: Poll) -> float:
    """Return the seconds that a healthy feed waits.

    An eighth is taken off the interval, so that runs need not begin on the minute: 24 h come true
    after 21 h. What the publisher declares (`declared_seconds`) is the least wait, up to 20 h, with
    which a nightly run still asks every night.
    """
    return max(poll.interval * 7 / 8, poll.declared)


def _failed(poll: Poll, event: Missed, now: str, limits: Limits) -> Poll:
    failures = poll.failures + WEIGHTS[event.weight]
    asked_to_wait = _bounded(event.retry_after or 0.0, 0.0, _LONGEST_RETRY)
    if failures < limits.give_up:
        wait = min(_FIRST_WAIT * 2.0 ** min(poll.failures, 20.0), _SLOT)
        due = _later(now, max(wait, asked_to_wait))
        return replace(poll, failures=failures, status=event.reason, next_due=due)
    since = poll.disabled_at or now
    due = _later(now, max(limits.probe, asked_to_wait))
    status = (
        f"disabled since {since[:10]} after failures of weight {failures:g}, at last: "
        f"{event.reason}. It is tried again on {due[:10]}. To enable it now: mend its address in "
        "the source file, or run `cityaccords ingest --source ID`"
    )
    return replace(poll, failures=failures, status=status, next_due=due, disabled_at=since)


def waits(poll: Poll, now: str) -> bool:
    """Tell whether a feed must not be asked yet."""
    return poll.next_due is not None and poll.next_due > now


def woken(poll: Poll, limits: Limits = DEFAULTS) -> Poll:
    """Return the state of a feed that a person wants to be asked now.

    One that was disabled gets one try: with the next hard failure it is disabled again. One that
    failed keeps its wait, for the server may have asked for it.
    """
    if poll.disabled_at is not None:
        failures = max(0.0, limits.give_up - WEIGHTS["hard"])
        return replace(poll, failures=failures, next_due=None, disabled_at=None)
    return poll if poll.failures > 0 else replace(poll, next_due=None)


def declared_seconds(
    payload: bytes, headers: Iterable[tuple[str, str]], now: str | None = None
) -> float | None:
    """Return how long an answer says that it holds, in seconds; None where it says nothing.

    The longest counts of ``ttl`` (RSS), ``updatePeriod`` with ``updateFrequency`` (RSS module
    Syndication) and ``Cache-Control: max-age``, or ``Expires`` where that is missing. What cannot
    be read, or lies in the past, says nothing. ``now`` stands in for a ``Date`` that is missing.
    """
    head = payload[:_HEAD]
    told = [_cache_seconds(headers, now)]
    ttl, period, frequency = _TTL.search(head), _PERIOD.search(head), _FREQUENCY.search(head)
    if ttl:
        told.append(float(ttl[1]) * 60)
    if period and (length := _PERIODS.get(period[1].decode().lower())):
        told.append(length / _times(frequency[1] if frequency else b"1"))
    found = [seconds for seconds in told if seconds is not None and seconds > 0]
    return max(found) if found else None


def _times(text: bytes) -> float:
    try:
        value = float(text)
    except ValueError:
        return 1.0
    return value if value > 0 else 1.0


def _cache_seconds(headers: Iterable[tuple[str, str]], now: str | None) -> float | None:
    held = {name.lower(): value for name, value in headers}
    directives = dict(_DIRECTIVE.findall(held.get("cache-control", "").lower()))
    if "no-cache" in directives or "no-store" in directives:
        return None
    if age := directives.get("max-age"):
        spent = held.get("age", "").strip()
        return float(age) - (float(spent) if spent.isdecimal() and len(spent) <= 9 else 0.0)
    try:
        until = parsedate_to_datetime(held["expires"])
        since = held.get("date")
        begun = parsedate_to_datetime(since) if since else datetime.fromisoformat(now or "")
        return (_aware(until) - _aware(begun)).total_seconds()
    except (KeyError, ValueError, TypeError, IndexError, OverflowError):
        return None


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _bounded(value: float, least: float, most: float) -> float:
    """Return a number within bounds; what is no number becomes the least."""
    return least if math.isnan(value) else min(max(value, least), most)


def _later(now: str, seconds: float) -> str:
    moment = datetime.fromisoformat(now) + timedelta(seconds=math.ceil(seconds))
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def tells_change(
    modified: str, checked_at: str, now: str, *, zone: str | None = None, alarms: int = 0
) -> bool:
    """Tell whether a source says that a page changed after we last looked, and can be believed.

    A date without a time means the end of that day at the publisher, where ``zone`` is unknown the
    end of it everywhere: asking once too often is a 304, asking too seldom is a lost version. A
    month or year alone counts from its first moment. What lies in the future is a wrong clock and
    not believed; once its time has come it counts. Sources that stamp every page every night are
    believed less with each alarm in vain: from the third on the wait since the last look must be
    1.5, 3.5, 7.5 … up to 30 days.

    Args:
        modified: ISO 8601, as the source gave it.
        checked_at: When we last asked for the page.
        now: The run's time.
        zone: Time zone of the publisher, for dates and times without an offset.
        alarms: How often it was said since the page last did change.
    """
    try:
        first, last = _span(modified, _zone_of(zone))
        checked, moment = datetime.fromisoformat(checked_at), datetime.fromisoformat(now)
    except (ValueError, OverflowError):
        return False
    if last <= checked or first > moment or checked >= moment:
        return False
    if alarms <= _TRUSTED:
        return True
    quiet = timedelta(days=2 ** min(alarms - _TRUSTED, 5)) - _SLACK
    return moment - checked >= min(quiet, _LONGEST_QUIET)


def _span(value: str, zone: tzinfo | None) -> tuple[datetime, datetime]:
    """Return the first moment that a time can mean, and the last that counts."""
    if len(value) > _DAY:
        moment = datetime.fromisoformat(value)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=zone or UTC)
        return aware.astimezone(UTC), aware.astimezone(UTC)
    start = datetime.fromisoformat((value + "-01-01")[:_DAY])
    first = start.replace(tzinfo=zone or _FIRST_ZONE).astimezone(UTC)
    if len(value) < _DAY:
        return first, first
    end = start + timedelta(days=1)
    return first, end.replace(tzinfo=zone or _LAST_ZONE).astimezone(UTC)


def _zone_of(name: str | None) -> tzinfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
