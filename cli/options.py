"""Options that every command shares, and what they resolve to.

Every command's help needs this module, so it imports nothing heavy before a command runs.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from cli.deployed import Deployed
    from cli.deployment import StackDone
    from cli.progress import Progress
    from cli.project import Project
    from cli.target import Target
    from cli.users import Door


class On(StrEnum):
    """The cloud asked for by `--on`."""

    AUTO = "auto"
    EMBEDDED = "embedded"
    AWS = "aws"


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
        help="The cloud to work on. auto: what AWS_ENDPOINT_URL says, else the embedded cloud that "
        "runs in this folder, else AWS with the shell's credentials.",
    ),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print JSON on standard output, errors too.")
]
RequestsOption = Annotated[
    float | None,
    typer.Option(
        "--requests-per-minute", help="Requests a minute, of both slots; as of late if absent."
    ),
]

RoleOption = Annotated[
    str | None,
    typer.Option(
        "--role", help="ARN of a role to read the stage under, such as one in its own account."
    ),
]

DEFAULT_PROJECT_FILE = Path("tidegate.yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A project, one of its stages, and the cloud it is on."""

    project: Project
    stage: str
    target: Target
    reader: Target | None = None
    """The target under the role that reads it; None where it is read as it is written."""

    @property
    def reading(self) -> Target:
        """The target as it is read."""
        return self.target if self.reader is None else self.reader

    def under(self, role: str | None) -> Place:
        """The place read under a role, such as that of a stage in another account."""
        if role is None:
            return self
        from cli.roles import assumed  # noqa: PLC0415 - boto3

        return replace(self, reader=assumed(self.target, role))

    def deployed(self) -> Deployed:
        """What is deployed there; CommandError when nothing is."""
        from cli.deployed import find  # noqa: PLC0415 - boto3 takes 100 ms to import

        return find(self.reading, project=self.project.name, stage=self.stage)

    def deploy(self, *, assembly: Path, progress: Progress | None = None) -> tuple[StackDone, ...]:
        """Every stack of the stage is as the project file says."""
        from cli.deployment import deploy_stacks  # noqa: PLC0415 - boto3
        from cli.progress import QUIET  # noqa: PLC0415

        shown = QUIET if progress is None else progress
        return deploy_stacks(self, assembly=assembly, progress=shown)

    def slot_token(self, model: str, slot: str) -> str:
        """A token that makes the front door ask this slot; the signing secret is read for it."""
        from cli.signing import keys_of, slot_token  # noqa: PLC0415 - boto3

        keys = keys_of(self.target, project=self.project.name, stage=self.stage)
        return slot_token(self.deployed(), keys, model=model, slot=slot, clock=self.target.clock)

    def front_door(self) -> Door:
        """A client of the deployed front door, with the credentials of the target."""
        from cli.frontdoor import door_of  # noqa: PLC0415 - botocore

        return door_of(self.target, url=self.deployed().api_url)


def place(*, project_file: Path, stage: str | None, on: On) -> Place:
    """Resolve the shared options."""
    return PLACES.get()(project_file, stage, on)


def _real_place(project_file: Path, stage: str | None, on: On) -> Place:
    from cli.project import read_project  # noqa: PLC0415 - a YAML parser
    from cli.target import choose  # noqa: PLC0415 - boto3

    project = read_project(project_file)
    name = project.stage(stage)
    target = choose(on, region=project.region(name), account=project.account(name))
    return Place(project=project, stage=name, target=target)


PLACES: ContextVar[Callable[[Path, str | None, On], Place]] = ContextVar(
    "places", default=_real_place
)
"""How the shared options become a place; a test puts places made of fakes here."""
