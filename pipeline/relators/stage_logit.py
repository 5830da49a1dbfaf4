"""The stages of one pair against each other: what speaks for each, in the same few numbers.

In: the traits of a pair. Out: for each stage the features of its being the right one. A softmax
over some six hundred traits learns for each stage apart what a told cue is worth; here a cue is a
cue whatever its stage, so that the few records of a rare stage profit from the many of the others
(a conditional logit, McFadden 1974). What a stage has of its own stands beside, shrunk harder.
"""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.relators.features import STAGES, Features
from pipeline.relators.modality import MODALITIES

OWN = ":"  # stands between a feature's name and the stage that it is of
BIAS = "bias"
_NONE = 0.1  # a cue that counts less is as good as none
_FAIRLY = 0.3
# What a text says of the pair as a whole, which bears on each stage in its own way.
_CONTEXT = (
    "background told_background two_countries early late alone many own_fresh own_old own_future "
    "rank_first government_source in_title link_understood row has_letter_of_intent has_mou "
    "has_sister_city_agreement has_cooperation_agreement told_has_letter_of_intent told_has_mou "
    "told_has_sister_city_agreement told_date no_stage_ partner_business partner_academia "
    "partner_city partner_city_network partner_international_organisation follow_up_concrete "
    "follow_up_none follow_up_visits_only told_follow_up_none told_follow_up_concrete "
    "told_modality_planned told_modality_denied told_modality_hypothetical modality_planned "
    "modality_denied modality_hypothetical lineage told_lineage pair"
).split()


def alternatives(traits: Mapping[str, float]) -> dict[str, Features]:
    """Return the features of each stage; absent means 0.

    Args:
        traits: What the text says of the pair (`traits.traits_of`).
    """

    def says(name: str) -> float:
        return traits.get(name, 0.0)

    plain = {s: says(f"told_stage_{s}") for s in STAGES}
    told = {s: max(plain[s], *(says(f"told_{s}_{m}") for m in MODALITIES)) for s in STAGES}
    worth = {s: max(says(f"stage_{s}"), *(says(f"{s}_{m}") for m in MODALITIES)) for s in STAGES}
    context = {name: traits[name] for name in _CONTEXT if traits.get(name)}
    found: dict[str, Features] = {}
    for i, stage in enumerate(STAGES):
        rival = max(told[s] for s in STAGES if s != stage)
        shared = {
            "told": plain[stage],
            "told_any": told[stage],
            "told_squared": told[stage] ** 2,
            "worth": says(f"stage_{stage}"),
            "worth_any": worth[stage],
            "general": says(f"general_stage_{stage}"),
            "top": says(f"top_stage_{stage}"),
            "latest": says(f"latest_{stage}"),
            "told_best": float(told[stage] > rival),
            "only": float(told[stage] > _FAIRLY > rival),
            "no_cue": float(told[stage] < _NONE and worth[stage] < _NONE),
            "later": max((plain[s] for s in STAGES[i + 1 :]), default=0.0),
        }
        for m in MODALITIES:
            shared[f"told_{m}"] = says(f"told_{stage}_{m}")
            shared[f"worth_{m}"] = says(f"{stage}_{m}")
        shared = {name: value for name, value in shared.items() if value}
        own = {f"{name}{OWN}{stage}": x for name, x in (shared | context | {BIAS: 1.0}).items()}
        found[stage] = shared | own
    return found
