"""Options that every command shares, and what they resolve to."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from cli.deployed import Deployed, find
from cli.project import Project, read_project
from cli.target import On, Target, choose

StageOption = Annotated[
    str | None,
    typer.Option("--stage", help="A stage of the project file; the first one if absent."),
]
ProjectFileOption = Annotated[
    Path, typer.Option("--project-file", help="The project file.", show_default=True)
]
OnOption = Annotated[
    On,
    typer.Option(
        "--on",
        help="The cloud to work on. auto: what AWS_ENDPOINT_URL, AWS_PROFILE or AWS_ACCESS_KEY_ID "
        "say, else a running embedded cloud, else AWS.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]

DEFAULT_PROJECT_FILE = Path("tidegate.yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A project, one of its stages, and the cloud it is on."""

    project: Project
    stage: str
    target: Target

    def deployed(self) -> Deployed:
        """What is deployed there; CommandError when nothing is."""
        return find(self.target, project=self.project.name, stage=self.stage)


def place(*, project_file: Path, stage: str | None, on: On) -> Place:
    """Resolve the shared options."""
    project = read_project(project_file)
    name = project.stage(stage)
    return Place(project=project, stage=name, target=choose(on, region=project.regions[name]))
