"""The values that a torture server, its log and its harnesses share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Request:
    """One request. ``host`` is the number of the port, ``count`` how often this path was asked."""

    host: int
    path: str
    headers: dict[str, str]
    begun: float
    connected: float
    count: int = 1
    ended: float = 0.0
    status: int = 0
    sent: int = 0
    note: str = ""


@dataclass(slots=True)
class Plan:
    """What a server shows: a scene and its numbers; plain values, so that it can be JSON."""

    scene: str = "plain"
    hosts: int = 1
    documents: int = 10
    seed: int = 1
    options: dict[str, Any] = field(default_factory=dict)
