"""Products of features: what two words say together that neither says alone.

In: the features of one pair. Out: the same, products added. The linear part of the scorer cannot
make them itself.
"""

from __future__ import annotations

import math


def cross(f: dict[str, float]) -> None:
    """Products that a linear model cannot make itself."""
    for name, parts in CROSSES.items():
        f[name] = math.prod(f.get(p, 0.0) for p in parts)


CROSSES = {
    "x_abroad_with_instrument": ("two_countries", "instrument_unit"),
    "x_country_after_with": ("partner_is_country", "partner_after_with"),
    "x_sister_row": ("has_sister_city_agreement", "row"),
    "x_with_stage": ("partner_after_with", "stage_unit"),
    "x_with_instrument": ("partner_after_with", "instrument_unit"),
    "x_mayors": ("local_as_office", "partner_as_office"),
    "x_mayors_stage": ("local_as_office", "partner_as_office", "stage_unit"),
    "x_domestic_instrument": ("domestic_governments", "instrument_unit"),
    "x_business_instrument": ("partner_business", "instrument_unit"),
    "x_focus_understood": ("link_understood", "local_is_focus"),
    "x_direct_abroad": ("direct", "two_countries"),
    "x_tied_with": ("tied_before", "partner_after_with"),
    "x_tied_understood": ("tied_before", "link_understood"),
    "x_counterpart_stage": ("counterpart", "stage_sentence"),
    "x_location_no_with": ("partner_as_location", "gap_others"),
}
