"""The two things the command line needs of the project file: the project's name and its stages.

Everything else is the business of synth, which checks the whole file and reports every fault.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from cli.exits import CommandError, Exit


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """Where the project file is, and what it calls the project and its stages."""

    path: Path
    name: str
    stages: tuple[str, ...]
    regions: dict[str, str]

    def stage(self, wanted: str | None) -> str:
        """The stage asked for, or the first one; CommandError lists the stages there are."""
        if wanted is None:
            return self.stages[0]
        if wanted not in self.stages:
            raise CommandError(
                f"{self.path} has no stage {wanted}, it has: {', '.join(self.stages)}",
                code=Exit.USAGE,
            )
        return wanted


def read_project(path: Path) -> Project:
    """The project that a file describes; CommandError when it is missing or has no name."""
    if not path.is_file():
        raise CommandError(
            f"{path} does not exist: run in a project's folder, or name its file by --project-file",
            code=Exit.USAGE,
        )
    try:
        data: Any = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except YAMLError as error:
        raise CommandError(f"{path} is not YAML: {error}", code=Exit.REFUSED) from error
    stages = data.get("stages") if isinstance(data, dict) else None
    if not isinstance(stages, dict) or not stages or not isinstance(data.get("project"), str):
        raise CommandError(
            f"{path} must name the project and at least one stage: run 'cdk synth' for every fault",
            code=Exit.REFUSED,
        )
    regions = {
        name: str(stage.get("region", "")) if isinstance(stage, dict) else ""
        for name, stage in stages.items()
    }
    return Project(path=path, name=data["project"], stages=tuple(stages), regions=regions)
