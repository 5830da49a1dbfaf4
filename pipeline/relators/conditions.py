"""Features of the fields that hang on the stage: modality and follow-up.

In: the traits of a pair and its stage. Out: features for the choosers of these two fields. Which
words of modality matter depends on the stage: "will" before "sign" says nothing about talks under
way.
"""

from __future__ import annotations

from pipeline.relators.features import Features
from pipeline.relators.modality import MODALITIES
from pipeline.relators.traits import TOLD, WORD

# Stages whose words can carry a stage: a planned signing is what makes an intention.
RELATED = {
    "exploring": ("exploring", "intended", "signed"),
    "intended": ("intended", "signed", "renewed"),
    "signed": ("signed",),
    "implemented": ("implemented",),
    "renewed": ("renewed", "signed"),
    "ended": ("ended",),
}
_FOLLOW_UP = (
    "stage_implemented",
    "general_stage_implemented",
    "stage_signed",
    "stage_ended",
    "top_stage_implemented",
    "alone",
    "row",
    "many",
    "first_named",
    "early",
    "government_source",
    "background",
    "modality_denied",
    "own_old",
    "own_fresh",
    "two_countries",
)
_WITH_STAGE = (
    "follow_up_concrete",
    "follow_up_none",
    "follow_up_visits_only",
    "stage_implemented",
    "general_follow_up_concrete",
)


def modality_traits(traits: Features, stage: str) -> Features:
    """Return the features of the modality of ``stage``.

    Modal words on its cues against plain cues.
    """
    f: Features = {"one": 1.0, f"stage_{stage}": 1.0}
    related = RELATED[stage]
    plain = max(traits.get(f"stage_{r}", 0.0) for r in related)
    f["plain"] = f[f"plain_{stage}"] = plain
    told = max(traits.get(f"{TOLD}stage_{r}", 0.0) for r in related)
    f[f"{TOLD}plain"] = told
    for m in MODALITIES:
        governed = max(traits.get(f"{r}_{m}", 0.0) for r in related)
        ruled = max(traits.get(f"{TOLD}{r}_{m}", 0.0) for r in related)
        values = {
            f"told_governed_{m}": ruled,
            f"told_near_{m}": traits.get(f"{TOLD}modality_{m}", 0.0),
            f"told_over_{m}": float(ruled > told),
            f"governed_{m}": governed,
            f"near_{m}": traits.get(f"modality_{m}", 0.0),
            f"over_{m}": float(governed > plain),
        }
        for name, value in values.items():
            f[name] = f[f"{name}_{stage}"] = value
    for name in (
        "has_letter_of_intent",
        "has_sister_city_agreement",
        "has_mou",
        "own_future",
        "background",
        "row",
    ):
        f[name] = traits.get(name, 0.0)
    f.update({k: v for k, v in traits.items() if k.startswith(WORD)})
    f[f"letter_{stage}"] = traits.get("has_letter_of_intent", 0.0)
    f[f"future_{stage}"] = traits.get("own_future", 0.0)
    return {k: v for k, v in f.items() if v}


def follow_up_traits(traits: Features, stage: str, modality: str) -> Features:
    """Return the features of the follow-up of an agreement at ``stage``."""
    f: Features = {"one": 1.0, f"stage_{stage}": 1.0, f"modality_{modality}": 1.0}
    for name, value in traits.items():
        if name in _FOLLOW_UP or name.startswith(
            ("follow_up_", "general_follow_up", "top_follow_up", f"{TOLD}follow_up")
        ):
            f[f"says_{name}"] = value
    f.update({k: v for k, v in traits.items() if k.startswith(WORD)})
    for name in _WITH_STAGE:
        f[f"{name}_{stage}"] = traits.get(name, 0.0)
    return {k: v for k, v in f.items() if v}
