"""The pictures of calibration: where points stand, what they refuse, and that they repeat."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from pipeline.trainers.reliability import curve_svg, reliability_svg

BINS = [
    {"score": 0.0, "right": 0.0, "right_interval": [0.0, 0.1]},
    {"score": 1.0, "right": 0.5, "right_interval": [0.4, 0.6]},
]
SPACE = "{http://www.w3.org/2000/svg}"


def test_a_bin_is_a_point_at_its_score_and_share_with_its_interval_behind_it() -> None:
    picture = ElementTree.fromstring(reliability_svg("Records <10>", BINS, 0.05))  # noqa: S314
    points = [(c.get("cx"), c.get("cy")) for c in picture.iter(f"{SPACE}circle")]
    assert points == [("56.0", "376.0"), ("376.0", "216.0")]
    last = list(picture.iter(f"{SPACE}line"))[-1]
    assert (last.get("y1"), last.get("y2")) == ("248.0", "184.0")
    assert picture.findtext(f"{SPACE}title") == "Records <10>; ECE 0.050"


def test_the_curve_goes_through_every_threshold_in_order_and_repeats() -> None:
    points = [{"recall": 1.0, "precision": 0.0}, {"recall": 0.0, "precision": 1.0}]
    text = curve_svg("Records", points)
    assert 'points="376.0,376.0 56.0,56.0"' in text
    assert text == curve_svg("Records", points)


def test_a_bin_without_numbers_is_refused_and_not_drawn_somewhere() -> None:
    with pytest.raises(TypeError):
        reliability_svg("Records", [{**BINS[0], "score": "high"}], 0.05)
