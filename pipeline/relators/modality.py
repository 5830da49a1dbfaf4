"""Which modal words govern a stage word: "will sign", "akan menandatangani", "was not signed".

In: a cue and its unit. Out: the modality labels in force on it. Scope is the clause; inside it, a
modal word right before the cue governs it for sure, one further off only perhaps.
"""

from __future__ import annotations

from pipeline.records import Annotation
from pipeline.relators.view import Unit, View

MODALITIES = ("planned", "denied", "hypothetical")
# Words that may stand between a modal word and what it governs: "will next month in Tokyo sign".
_REACH = 7


def governing(view: View, unit: Unit, cue: Annotation) -> set[str]:
    """Return the modalities that govern a cue.

    A modal word that overlaps it or stands close before it.
    """
    found = set()
    for modal in unit.of("cue", "modality."):
        label = modal.label.removeprefix("modality.")
        if modal.span.start < cue.span.end and cue.span.start < modal.span.end:
            found.add(label)
        elif modal.span.end <= cue.span.start:
            gap = view.text[modal.span.end : cue.span.start]
            if len(gap.split()) <= _REACH and not set(gap) & set(".;:"):
                found.add(label)
    return found
