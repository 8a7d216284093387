"""What stages bill while idle, as synth writes it beside the templates, and what releases cost."""

import json
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cli.exits import CommandError
from cli.outlook.comparison import compare
from cli.outlook.figures import Outlook
from cli.plans import project_plans, read_agreed
from cli.project import read_project
from cli.synth import SynthRequest, synth

COSTS_FILE = "tidegate.costs.json"
"""What `app.py` calls it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageCosts:
    """What a stage bills while idle, in JSON types, and the outlook of each model's plan."""

    idle: dict[str, Any]
    plans: dict[str, Outlook]

    def to_json(self) -> dict[str, Any]:
        """Both in JSON types. A price that is not known is null, and so are its sums."""
        releases = {
            model: {
                "strategy": outlook.course.strategy.value,
                "mechanism": outlook.course.mechanism.value,
                "usd": None if outlook.usd is None else outlook.usd.to_json(),
                "instance_hours": outlook.instance_hours.to_json(),
            }
            for model, outlook in self.plans.items()
        }
        return {**self.idle, "releases": releases}


def stage_costs(project_file: Path, *, stage: str | None) -> tuple[StageCosts, ...]:
    """The costs of a stage, or of all; every fault of the project file is a CommandError."""
    project = read_project(project_file)
    wanted = project.stages if stage is None else (project.stage(stage),)
    return tuple(_of_stage(project_file, name) for name in wanted)


def _costs(request: SynthRequest) -> str:
    """The costs that synth wrote; it writes them before it refuses a stage beyond its budget."""
    file = request.output / COSTS_FILE
    try:
        synth(request)
    except CommandError:
        if not file.is_file():
            raise
    return file.read_text(encoding="utf-8")


def _of_stage(project_file: Path, stage: str) -> StageCosts:
    with TemporaryDirectory(prefix="tidegate-cost-") as folder:
        request = SynthRequest(
            project_file=project_file, stage=stage, pointers={}, output=Path(folder)
        )
        text = _costs(request)
    plans = {
        model: compare(read_agreed(project_file, model=model, stage=stage)).planned
        for model in project_plans(project_file)
    }
    return StageCosts(idle=json.loads(text), plans=plans)
