"""Training runs: the training documents through the stages, then the trainers.

The gazetteer and the Indonesian entity model come first, since they change what is tagged; then the
documents of ``models/training`` are read and tagged in a temporary workspace, and the rest is
trained on them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pipeline.config import ConfigError
from pipeline.goldset import load_gold
from pipeline.ingest import import_documents
from pipeline.paths import Workspace
from pipeline.runs import Run, run_stages
from pipeline.train import TRAINERS, load_training, run_train

GAZETTEER = "gazetteer"
NER_ID = "ner-id"


def train(run: Run, only: Sequence[str] = (), data: Path | None = None) -> dict[str, str]:
    """Rebuild the models of a workspace's ``models/``.

    Args:
        run: The run.
        only: Names of `TRAINERS`; empty: all.
        data: Folder of the corpora of the Indonesian entity model, which are not in the checkout;
            ``None``: ``../shared/data/id-ner`` beside it.

    Raises:
        ConfigError: No such model, or no training data. Without the corpora of the Indonesian
            entity model it is kept as it is, unless ``only`` asks for it.
    """
    known = [name for name, _ in TRAINERS]
    unknown = sorted(set(only) - set(known))
    if unknown:
        msg = f"no model called {', '.join(unknown)}; there are {', '.join(known)}"
        raise ConfigError(msg)
    wanted = [name for name in known if not only or name in only]
    models = run.workspace.models
    results = run_train(models, (), [n for n in wanted if n == GAZETTEER])
    if NER_ID in wanted:
        results[NER_ID] = _train_ner_id(models, data, asked=NER_ID in only)
    rest = [n for n in wanted if n not in {GAZETTEER, NER_ID}]
    if not rest:
        return results
    sets = [load_gold(path.parent) for path in sorted(models.glob("training/*/documents.jsonl"))]
    if not sets:
        msg = f"{models / 'training'}: no training documents. Restore it from the repository."
        raise ConfigError(msg)
    with tempfile.TemporaryDirectory(prefix="cityaccords-train-") as folder:
        (Path(folder) / "models").symlink_to(models.resolve())
        own = replace(run, workspace=Workspace(Path(folder)))
        for gold in sets:
            file = gold.path / "documents.jsonl"
            import_documents(own.workspace, own.config, file, source_id="training", now=run.now)
        run_stages(own, ("read", "tag"), ("all",))
        return results | run_train(models, load_training(own.workspace, sets), rest)


def _train_ner_id(models: Path, data: Path | None, *, asked: bool) -> str:
    from pipeline.trainers.ner_id import train_ner_id
    from pipeline.trainers.ner_id_data import MissingCorpusError

    try:
        return train_ner_id(models, data)
    except MissingCorpusError as error:
        if asked:
            raise ConfigError(str(error)) from error
        return f"kept as it is, its corpora are not on this machine: {error}"
