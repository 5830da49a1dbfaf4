"""The language of a document: statistics of its letters, with its source as a prior."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

SAMPLE_CHARS = 1_000  # from the head and again from the middle; more letters change no verdict
HEAD_CHARS = 400  # enough for a document that is in a language of its source
CERTAIN = 0.999  # probability at which the head alone decides, if it is as expected
PRIOR = 10.0  # how much likelier a document is in a language of its source than in any other
SURE = 0.2  # below this probability the letters say nothing ("MoU signed"): the prior decides
UNDETERMINED = "und"


@lru_cache(maxsize=1)
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def primary(tag: str | None) -> str | None:
    """Return the primary language of a tag: ``id`` of ``id-ID`` and of the old code ``in``."""
    main = (tag or "").replace("_", "-").split("-")[0].strip().lower()
    if main == "in":
        return "id"
    return main if main.isalpha() and len(main) in (2, 3) else None


def detect(text: str, expected: Sequence[str | None] = ()) -> str:
    """Return the language code of ``text``, or ``und``.

    Args:
        text: Clean text; head and middle are looked at.
        expected: What the page and its source say, the most trusted first. It tips the scale for
            short texts and close languages; a long text in another language is still seen.
    """
    known = [code for tag in expected if (code := primary(tag))]
    if known and len(text) > HEAD_CHARS:
        head, surely = _identifier().rank(text[:HEAD_CHARS])[0]
        if head in known and surely >= CERTAIN:
            return str(head)
    middle = max(SAMPLE_CHARS, len(text) // 2)
    sample = text[:SAMPLE_CHARS] + text[middle : middle + SAMPLE_CHARS]
    ranked: list[tuple[str, float]] = [
        (code, float(p)) for code, p in _identifier().rank(sample)[:10]
    ]
    best, chance = max(ranked, key=lambda r: r[1] * (PRIOR if r[0] in known else 1.0))
    if chance >= SURE or (best in known and chance * PRIOR >= SURE):
        return best
    return known[0] if known else UNDETERMINED
