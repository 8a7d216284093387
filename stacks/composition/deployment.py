"""What is synthesized, and what every part of it is given."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aws_cdk import App, Stack

from stacks.assets import AssetShelf
from stacks.project.spec import ProjectSpec, StageSpec
from tidegate.batch.plan import BatchPointer
from tidegate.pointer import LivePointer
from tidegate.training.package import Package


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """What is synthesized: a stage, and what is live in it. `folder` is the assembly's."""

    project: ProjectSpec
    stage: str
    folder: Path
    pointers: Mapping[str, LivePointer] = field(default_factory=dict)
    batch_pointers: Mapping[str, BatchPointer] = field(default_factory=dict)
    live_settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """The settings of live versions of services, whose arms have resources of their own."""
    packages: Mapping[str, Package] = field(default_factory=dict)
    """The approved packages to deploy, of models that are trained here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a part is made of: its stage, the assets, and the release stack if there is one."""

    deployment: Deployment
    stage: StageSpec
    shelf: AssetShelf
    release: Stack | None

    @property
    def project(self) -> ProjectSpec:
        """The project that is deployed."""
        return self.deployment.project


AddPart = Callable[[App, Given], Iterator[Stack]]
"""Adds the stacks of a part of the project file; none if the file has no such part."""
