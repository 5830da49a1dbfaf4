"""Which clause of a pair's territory tells of its agreement.

In: a `Subject`. Out: for each of its stretches the features of telling of the agreement, and how
surely it does. What stands there counts for the fields of the record.
"""

from __future__ import annotations

from pipeline.relators.chooser import Chooser
from pipeline.relators.features import Features
from pipeline.relators.traits import Shares, Subject

# Groups of cues that speak of agreements; the others speak of what a document is about.
_GROUPS = frozenset(("stage", "modality", "follow_up", "background", "lineage", "pair"))
_OPENING = 2  # sentences in which news says what it reports


def tellings_of(subject: Subject) -> list[Features]:
    """Return for each stretch the features of its being the one that tells of the agreement.

    A chooser with the values ``yes`` and ``no`` weighs them (`shares`): what stands in the clause
    that tells of the pair counts for its fields, not what its neighbours say of others.
    """
    pair, found = subject.pair, []
    joined = {m.unit for m in pair.partner.mentions if m.is_joined}
    for stretch in subject.territory:
        f: Features = {"one": 1.0, f"rank_{stretch.rank}": 1.0}
        unit = stretch.unit
        f["names_partner"] = float(any(m.unit == unit.index for m in pair.partner.named))
        f["names_local"] = float(any(m.unit == unit.index for m in pair.local.mentions))
        f["joined"] = float(unit.index in joined)
        f["is_best"] = float(unit is pair.best.unit)
        f["linked"] = float(any(link.unit is unit for link in pair.links))
        f["at"] = unit.sentence / max(1, subject.scene.view.units[-1].sentence)
        f["opening"] = float(unit.sentence < _OPENING)
        f["after_best"] = float(0 < unit.index - pair.best.unit.index <= 2)
        for layer in ("cue", "instrument", "sector", "date"):
            for a in stretch.of(layer):
                if layer == "cue" and a.label.partition(".")[0] not in _GROUPS:
                    continue
                f[f"{layer}_{a.label}" if layer == "cue" else layer] = 1.0
        f["stated"] = float(bool(stretch.of("cue", "stage.")))
        f["stated_near"] = f["stated"] * max(f["names_partner"], f["is_best"])
        for name in ("stated", "instrument", "date", "cue_background"):
            f[f"{name}_{stretch.rank}"] = f.get(name, 0.0)
        found.append({k: v for k, v in f.items() if v})
    return found


def shares(subject: Subject, chooser: Chooser) -> Shares:
    """Return how surely each stretch tells of the pair's agreement, the surest as 1."""
    told = [chooser.probabilities(f).get("yes", 0.0) for f in tellings_of(subject)]
    top = max(told, default=0.0) or 1.0
    return tuple(p / top for p in told)
