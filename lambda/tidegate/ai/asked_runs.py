"""Runs that somebody asks for: a file that asks is in the bucket, and the worker does the rest."""

import json
from dataclasses import dataclass
from typing import Any

from tidegate.ai.ports import ServicePorts
from tidegate.ai.typed import to_json
from tidegate.ai.work import IN

RUN = "runs"
"""Prefix of files that ask for a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAsked:
    """A run is under way; GET results tells of its key what came of it."""

    key: str


def ask_for_run(request: Any, ports: ServicePorts) -> RunAsked:
    """The file says what `request` does; no other request has its key."""
    content = json.dumps(to_json(request)).encode()
    moment = int(1_000 * ports.clock.now())
    while not ports.files.write_once(_key(moment), content, content_type="application/json"):
        moment += 1
    return RunAsked(key=_key(moment))


def _key(moment: int) -> str:
    return f"{IN}{RUN}/{moment}.json"
