"""What CodePipeline remembers. Times are Unix seconds on the cloud's clock.

Records are changed by the engine's threads, under its lock where two of them meet; readers see
each assignment whole.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from emulator.codepipeline.declaration import (
    ActionDeclaration,
    Declaration,
    RuleDeclaration,
    StageDeclaration,
    Tenant,
)

Json = dict[str, Any]


class ExecutionStatus(StrEnum):
    """How an execution of a pipeline stands, spelled as AWS does."""

    IN_PROGRESS = "InProgress"
    STOPPING = "Stopping"
    STOPPED = "Stopped"
    SUCCEEDED = "Succeeded"
    SUPERSEDED = "Superseded"
    FAILED = "Failed"
    CANCELLED = "Cancelled"

    @property
    def is_over(self) -> bool:
        """Whether nothing of it runs or waits any more; a failed one may be retried."""
        return self not in (ExecutionStatus.IN_PROGRESS, ExecutionStatus.STOPPING)


class StageStatus(StrEnum):
    """How an execution stands in one stage, spelled as AWS does."""

    IN_PROGRESS = "InProgress"
    STOPPING = "Stopping"
    STOPPED = "Stopped"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    SKIPPED = "Skipped"
    CANCELLED = "Cancelled"


class ActionStatus(StrEnum):
    """How an action or a rule stands, spelled as AWS does."""

    IN_PROGRESS = "InProgress"
    ABANDONED = "Abandoned"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A zip in the artifact bucket, and the revision of the source that it came from."""

    bucket: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """What a source action found."""

    action: str
    artifact: str
    revision_id: str
    summary: str
    created: float
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """Why an execution was started."""

    type: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A revision that a source action takes instead of the newest."""

    type: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A person's answer to an approval."""

    status: str
    summary: str
    by: str


@dataclass(slots=True, kw_only=True, eq=False)
class WorkRun:
    """One run of an action, or of a rule of a condition."""

    id: str
    stage: str
    execution_id: str
    version: int
    declaration: ActionDeclaration | RuleDeclaration
    started: float
    updated: float
    status: ActionStatus = ActionStatus.IN_PROGRESS
    summary: str | None = None
    token: str | None = None
    updated_by: str | None = None
    external_id: str | None = None
    external_url: str | None = None
    percent: int | None = None
    error: tuple[str, str] | None = None
    resolved: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, Artifact] = field(default_factory=dict)
    outputs: Mapping[str, Artifact] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    revision: Revision | None = None
    decision: Decision | None = None
    log_stream_arn: str | None = None
    woken: threading.Event = field(default_factory=threading.Event)
    """Set when it is abandoned, decided, or its job has a result."""
    abandoned: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class ConditionRun:
    """One evaluation of a condition."""

    rules: list[WorkRun] = field(default_factory=list)
    status: str = "InProgress"
    summary: str = ""
    updated: float = 0.0


@dataclass(slots=True, kw_only=True, eq=False)
class StageRun:
    """One passage of an execution through a stage; a retry is another one."""

    stage: StageDeclaration
    execution: "Execution"
    started: float
    status: StageStatus = StageStatus.IN_PROGRESS
    actions: dict[str, WorkRun] = field(default_factory=dict)
    conditions: dict[str, list[ConditionRun]] = field(default_factory=dict)
    automatic_retries: int = 0
    manual_retries: int = 0
    last_retry: str | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class Execution:
    """One execution; it keeps the declaration of the pipeline that it was started with."""

    id: str
    declaration: Declaration
    version: int
    trigger: Trigger
    variables: Mapping[str, str]
    started: float
    updated: float
    status: ExecutionStatus = ExecutionStatus.IN_PROGRESS
    status_summary: str | None = None
    overrides: Mapping[str, Override] = field(default_factory=dict)
    artifacts: dict[str, Artifact] = field(default_factory=dict)
    namespaces: dict[str, Mapping[str, str]] = field(default_factory=dict)
    revisions: list[Revision] = field(default_factory=list)
    stages: dict[str, StageRun] = field(default_factory=dict)
    work: list[WorkRun] = field(default_factory=list)
    """Every run of an action or rule, in the order of their start."""
    stop_reason: str | None = None
    rollback_of: str | None = None
    """The execution whose artifacts this one brings back, for a rollback."""

    @property
    def is_rollback(self) -> bool:
        """Whether it rolls one stage back."""
        return self.rollback_of is not None

    @property
    def type(self) -> str:
        """`STANDARD` or `ROLLBACK`."""
        return "ROLLBACK" if self.is_rollback else "STANDARD"


@dataclass(slots=True, kw_only=True, eq=False)
class Transition:
    """Whether executions may enter a stage."""

    enabled: bool = True
    changed_by: str | None = None
    changed_at: float | None = None
    reason: str | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class Slot:
    """A stage as a place: who is in it, who waits for it, who went through it last."""

    waiting: list[Execution] = field(default_factory=list)
    current: Execution | None = None
    latest: StageRun | None = None
    transition: Transition = field(default_factory=Transition)


@dataclass(slots=True, kw_only=True, eq=False)
class Pipeline:
    """A pipeline and everything that happened in it."""

    tenant: Tenant
    declaration: Declaration
    created: float
    updated: float
    version: int = 1
    versions: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    executions: dict[str, Execution] = field(default_factory=dict)
    slots: dict[str, Slot] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its name."""
        return self.declaration.name

    @property
    def arn(self) -> str:
        """Its ARN."""
        return self.tenant.arn(self.name)

    def slot(self, stage: str) -> Slot:
        """The stage as a place."""
        return self.slots.setdefault(stage, Slot())
