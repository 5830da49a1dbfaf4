"""What share of a source's newest documents ``read`` rejected, and whether that is too much.

In: the ``documents`` shards and their ledgers of rejections. A page whose layout changed, a wall in
front of a newspaper, PDFs that became scans: each shows here first, because nothing else fails.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.paths import Workspace
from pipeline.sources import Source

# Documents looked at per source, the newest by the time of their capture. Fewer make one odd page
# an alarm; over all years a layout that changed last week would not be seen.
NEWEST = 200


@dataclass(frozen=True, slots=True)
class Share:
    """How many of the newest documents of a source were rejected, and how many may be."""

    source_id: str
    rejected: int
    seen: int
    most: float

    @property
    def share(self) -> float:
        """Rejected documents by documents; 0 where there are none."""
        return self.rejected / self.seen if self.seen else 0.0

    @property
    def is_broken(self) -> bool:
        """Tell whether the assertion ``max_rejected_share`` does not hold."""
        return self.share > self.most

    def as_text(self) -> str:
        """Return one line."""
        told = f"{self.source_id}: {self.rejected:,} of the newest {self.seen:,} documents rejected"
        return f"{told} ({self.share:.0%}, at most {self.most:.0%} by its source file)"


def shares_of(workspace: Workspace, sources: Sequence[Source]) -> tuple[Share, ...]:
    """Return the share of each source that has documents, in the order given.

    Of several versions of a document the newest counts. Rejections stand in the ledger without a
    time, so a rejected document is as new as the shard that it is in.
    """
    wanted = {source.id for source in sources}
    newest: dict[str, dict[str, tuple[str, bool]]] = defaultdict(dict)
    for path in workspace.shards("documents"):
        for source_id, doc_id, order, is_rejected in _verdicts(workspace, path.stem):
            if source_id not in wanted:
                continue
            known = newest[source_id].get(doc_id)
            if known is None or known[0] <= order:
                newest[source_id][doc_id] = (order, is_rejected)
    return tuple(
        _share(source, list(newest[source.id].values())) for source in sources if newest[source.id]
    )


def _verdicts(workspace: Workspace, shard_id: str) -> list[tuple[str, str, str, bool]]:
    """Return (source, document, order, rejected) of one shard; later shards are newer."""
    import pyarrow.parquet as pq

    found = []
    for part, is_rejected in (("", False), ("rejections", True)):
        path = workspace.shard("documents", shard_id, part)
        if path.exists():
            table = pq.read_table(path, columns=["source_id", "doc_id"])
            pairs = zip(table["source_id"].to_pylist(), table["doc_id"].to_pylist(), strict=True)
            found += [(str(s), str(d), shard_id, is_rejected) for s, d in pairs]
    return found


def _share(source: Source, verdicts: list[tuple[str, bool]]) -> Share:
    verdicts.sort(key=lambda verdict: verdict[0], reverse=True)
    window = verdicts[:NEWEST]
    # A shard is one moment: what was fetched together is not cut apart by the limit.
    last = window[-1][0]
    window += [verdict for verdict in verdicts[NEWEST:] if verdict[0] == last]
    rejected = sum(is_rejected for _, is_rejected in window)
    return Share(source.id, rejected, len(window), source.assertions.max_rejected_share)


def broken_shares(workspace: Workspace, sources: Sequence[Source]) -> tuple[Share, ...]:
    """Return the sources whose share of rejected documents is above what they allow."""
    return tuple(share for share in shares_of(workspace, sources) if share.is_broken)
