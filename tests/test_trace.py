"""Manners as a server's log shows them: small versions of ``make torture`` (trace and flaky)."""

from pathlib import Path

import pytest

from tests.torture import flaky, trace
from tests.torture.plan import Plan, Request
from tests.torture.site import Site


def asked(path: str, begun: float, ended: float, host: int = 1) -> Request:
    return Request(host, path, {}, begun, begun, ended=ended)


def judged(*log: Request) -> trace.Found:
    """Return what the check says of a log; host 1 asks for a Crawl-delay of 3 s."""
    found = trace.Found()
    plan = Plan("manners", 2, options={"kinds": ["plain", "delay"], "crawl_delay": 3.0})
    trace.check_pace(Site(plan, [], 0, None), log, found)  # type: ignore[arg-type]
    return found


def test_the_check_of_pace_finds_what_is_too_close_or_at_once() -> None:
    robots = asked("/robots.txt", 0.0, 0.1)
    assert judged(robots, asked("/a", 3.2, 3.3), asked("/b", 6.4, 6.5)).problems == []
    assert judged(robots, asked("/a", 3.0, 3.1)).too_close == 1
    assert judged(robots, asked("/a", 0.05, 0.2)).overlaps == 1
    assert judged(robots, asked("/a", 3.2, 4.2), asked("/b", 8.0, 8.1)).too_close == 1
    assert judged(robots, asked("/private/1", 4.0, 4.1)).disallowed == 1
    assert len(judged(asked("/a", 0.0, 0.1)).problems) == 1


@pytest.mark.slow
def test_pace_robots_and_retry_after_hold_over_runs_and_a_kill(tmp_path: Path) -> None:
    found = trace.pace(1, tmp_path, documents=4, crawl_delay=1.5)
    assert found.problems == []
    assert (found.too_close, found.overlaps, found.disallowed) == (0, 0, 0)
    assert found.hosts == len(trace.KINDS) + 1
    assert found.pairs > 60


@pytest.mark.slow
def test_an_unchanged_source_is_left_out_or_answers_304(tmp_path: Path) -> None:
    found = trace.Found()
    trace.unchanged(120, 1, tmp_path, found)
    assert found.problems == []
    assert len(found.shares) == 2


@pytest.mark.slow
def test_on_a_flaky_host_every_address_is_settled_and_no_cut_body_is_kept() -> None:
    found = flaky.run(24, 3)
    assert found.problems == []
    assert found.payloads == found.urls == 24
    assert len(found.wrong_answers) > 4, "too few answers went wrong to show anything"
