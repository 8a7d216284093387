"""What is remembered of pipelines and executions. Immutable values; times are Unix seconds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class RunStatus(StrEnum):
    """The statuses of executions and steps, spelled as AWS does; Starting is of steps only."""

    STARTING = "Starting"
    EXECUTING = "Executing"
    STOPPING = "Stopping"
    STOPPED = "Stopped"
    FAILED = "Failed"
    SUCCEEDED = "Succeeded"

    @property
    def over(self) -> bool:
        """Whether nothing follows."""
        return self in {RunStatus.STOPPED, RunStatus.FAILED, RunStatus.SUCCEEDED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """A pipeline as it was created or last updated."""

    name: str
    arn: str
    role_arn: str
    definition: str
    created: float
    modified: float
    token: str
    version: int = 1
    display_name: str | None = None
    description: str | None = None
    parallelism: int | None = None
    last_run: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRun:
    """A step of one execution that has started."""

    name: str
    type: str
    status: RunStatus
    started: float
    ended: float | None = None
    failure_reason: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    properties: Mapping[str, Any] = field(default_factory=dict)
    """What the Describe operation said of its resource."""
    outcome: bool | None = None
    """Of a condition."""
    attempts: int = 1
    display_name: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """One execution; the pipeline is as it was when it started."""

    arn: str
    pipeline: Pipeline
    parameters: Mapping[str, Any]
    given: Mapping[str, str]
    """The parameters of the request."""
    created: float
    modified: float
    token: str
    status: RunStatus = RunStatus.EXECUTING
    steps: Mapping[str, StepRun] = field(default_factory=dict)
    failure_reason: str | None = None
    display_name: str | None = None
    description: str | None = None
    parallelism: int | None = None
    ended: float | None = None

    @property
    def name(self) -> str:
        """What lists sort by."""
        return self.arn

    @property
    def id(self) -> str:
        """The last part of its ARN."""
        return self.arn.rpartition("/")[2]
