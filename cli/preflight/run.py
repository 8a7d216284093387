"""Runs every check, whatever the others found."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cli.options import Place
from cli.preflight import account, outside
from cli.preflight.account import Asked
from cli.preflight.machines import processors
from cli.preflight.needs import needs_of
from cli.preflight.outside import NameServers
from cli.preflight.result import Outcome, Result
from cli.synth import SynthRequest, synth


@dataclass(frozen=True, slots=True, kw_only=True)
class Preflight:
    """What every check found."""

    cloud: str
    results: tuple[Result, ...]

    @property
    def ready(self) -> bool:
        """Whether nothing failed; what could not be checked is told and does not count."""
        return not any(result.outcome is Outcome.FAILED for result in self.results)

    def to_json(self) -> dict[str, Any]:
        """The results in JSON types."""
        return {
            "cloud": self.cloud,
            "ready": self.ready,
            "checks": [result.to_json() for result in self.results],
        }


def ask(asked: Asked, *, name_servers: NameServers) -> Preflight:
    """Every check of an account."""
    every = (*account.CHECKS, processors, *outside.checks(name_servers))
    results = tuple(result for check in every for result in check(asked))
    return Preflight(cloud=asked.target.name, results=results)


def preflight(where: Place) -> Preflight:
    """Every check of a stage's account; CommandError where the project file has faults."""
    with TemporaryDirectory(prefix="tidegate-preflight-") as folder:
        request = SynthRequest(
            project_file=where.project.path,
            stage=where.stage,
            pointers={},
            output=Path(folder),
        )
        needs = needs_of(synth(request), regions=(where.target.region,))
        return ask(
            Asked(target=where.target, needs=needs), name_servers=outside.public_name_servers
        )
