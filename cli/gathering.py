"""Gathers evidence: asks staging how its releases ended, and production what would change there."""

import tempfile
from pathlib import Path

from cli.deployment import synth_request
from cli.evidence import NOT_MEASURED, Evidence, costs_of
from cli.monitors import drift_in
from cli.options import Place
from cli.overview import newest_release
from cli.synth import synth
from cli.templatediff import StackDiff, assembly_diff
from tidegate.view import ReleaseView


def gather(staging: Place, production: Place) -> Evidence:
    """What an approver should know, read now."""
    drift = [*drift_in(production), *drift_in(staging)]
    return Evidence(
        releases=_releases(staging),
        drift="; ".join(drift) if drift else NOT_MEASURED,
        costs=costs_of(production.project.path, stage=production.stage),
        diffs=_diffs(production),
    )


def _releases(staging: Place) -> tuple[ReleaseView, ...]:
    deployed = staging.deployed()
    newest = [newest_release(deployed, model) for model in sorted(deployed.store.models())]
    return tuple(deployed.view(record.release_id) for record in newest if record is not None)


def _diffs(production: Place) -> tuple[StackDiff, ...]:
    with tempfile.TemporaryDirectory() as folder:
        request = synth_request(production, output=Path(folder))
        return assembly_diff(production.reading, synth(request))
