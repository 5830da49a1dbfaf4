"""Kin: which features speak for a category by the codebook, and how far each is trusted.

In: a codebook, a category, the name of a feature. Out: a group of features that mean the category
itself (its own words, the sectors that map to it, organisations of its kind) and a trust by which
the trainer scales a feature. A regression on some hundred documents cannot find out by itself
which of four hundred counts matter; told where to look first, it learns the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pipeline.classifiers.features import Features
from pipeline.codebook import Codebook

OWN, FAMILY, REST = "own", "family", "rest"
# By how much a feature's values are multiplied before a weight is learnt: a large value needs a
# small weight, which regularisation leaves alone. Of ten settings the best in cross-validation by
# document and across hands (2026-11-24): actor +.03, process +.03, output +.01 over no scaling.
TRUST = {OWN: 3.0, FAMILY: 0.5, REST: 0.25}

# What a city gets from cooperation in a sector (codebook, output: the definitions name them).
_OUTPUT_SECTORS: Mapping[str, frozenset[str]] = {
    "economic_prosperity": frozenset({"trade_investment", "tourism"}),
    "culture_tourism": frozenset({"culture", "tourism"}),
    "public_service": frozenset({"education", "health", "transport", "environment"}),
    "community_welfare": frozenset({"environment", "disaster_safety", "social_youth_sports"}),
    "smart_governance": frozenset({"science_technology", "governance"}),
    "industry_protection": frozenset({"trade_investment", "agriculture_fisheries"}),
}
# The kinds of tagged organisations that an actor may be. Local or foreign is learnt.
_ACTOR_KINDS: Mapping[str, frozenset[str]] = {
    "local_business": frozenset({"business"}),
    "business_partner": frozenset({"business"}),
    "association": frozenset({"association"}),
    "academia": frozenset({"academia"}),
    "media": frozenset({"media"}),
    "ngo": frozenset({"ngo"}),
    "international_organisation": frozenset({"international_organisation", "city_network"}),
    "central_government": frozenset({"national_government"}),
    "foreign_government": frozenset({"national_government"}),
}
_ACROSS = frozenset({"central_government", "foreign_government"})  # told by where places lie
# Features of the kind that a dimension is about: by layer, or by the group of cues.
_FAMILIES: Mapping[str, tuple[str, ...]] = {
    "smart_city": ("sector:", "cue:smart_city"),
    "output": ("sector:", "instrument:", "cue:output", "cue:stage", "cue:modality"),
    "actor": ("organisation:", "place:", "person:", "cue:actor"),
    "process": ("sector:", "cue:process", "cue:follow_up", "cue:stage"),
}
_CONCLUDED = ("instrument:", "cue:stage", "cue:modality")  # words of an instrument concluded


def closeness(codebook: Codebook, dimension: str, category: str, name: str) -> str:
    """Tell whether a feature is a category's own, of its family, or any other."""
    if is_own(codebook, dimension, category, name):
        return OWN
    return FAMILY if name.startswith(_FAMILIES.get(dimension, ())) else REST


def is_own(codebook: Codebook, dimension: str, category: str, name: str) -> bool:
    """Tell whether a feature means the category itself by the codebook."""
    layer, _, label = name.partition(":")
    if name == f"cue:{dimension}.{category}":
        return True
    if layer == "sector" and dimension == "smart_city":
        return category in codebook.smart_city_of(label)
    if layer == "sector" and dimension == "output":
        return label in _OUTPUT_SECTORS.get(category, frozenset())
    if layer == "organisation" and dimension == "actor":
        return label.split(":")[0] in _ACTOR_KINDS.get(category, frozenset())
    if layer == "place" and dimension == "actor":
        return category in _ACROSS
    if (dimension, category) == ("output", "formal_agreement"):
        return name.startswith(_CONCLUDED)
    return False


def own_group(codebook: Codebook, dimension: str, category: str, names: Iterable[str]) -> list[str]:
    """Return those of the features that mean the category itself."""
    return [n for n in names if is_own(codebook, dimension, category, n)]


def group_values(features: Features, group: Iterable[str]) -> tuple[float, float]:
    """Return the value of a group taken as one feature, and whether it stands in the text at all.

    A category that four sectors map to is named by the sum of them, however it is spread.
    """
    count = features.count(group)
    return features.value_of(count), float(count > 0)
