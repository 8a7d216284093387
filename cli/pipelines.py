"""A pipeline as people see it: stages, actions, what waits for whom, and what may be done."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from cli.exits import CommandError, Exit

APPROVAL = "Approval"
RUNNING = "InProgress"
FAILED = frozenset({"Failed", "Abandoned"})
_MOST_SUMMARY = 512
"""Characters that an approval's comment may have (PutApprovalResult in the API reference)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionView:
    """One action. `token` is there while it waits for a person, `build` where it is a build."""

    name: str
    status: str
    said: str
    link: str | None
    token: str | None
    build: str | None = None

    @property
    def waits(self) -> bool:
        """Whether a person has to decide."""
        return self.token is not None and self.status == RUNNING

    def to_json(self) -> dict[str, Any]:
        """The action in JSON types, without its token."""
        return {"name": self.name, "status": self.status, "said": self.said, "link": self.link}


@dataclass(frozen=True, slots=True, kw_only=True)
class StageView:
    """One stage and the execution that is in it. `entry` is why it was not entered, if it was not.

    `next_execution` waits before the stage.
    """

    name: str
    status: str
    execution: str | None
    next_execution: str | None
    entry: str
    actions: tuple[ActionView, ...]

    def to_json(self) -> dict[str, Any]:
        """The stage in JSON types."""
        return {
            "name": self.name,
            "status": self.status,
            "execution": self.execution,
            "next_execution": self.next_execution,
            "entry": self.entry,
            "actions": [action.to_json() for action in self.actions],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineView:
    """All stages, in order, and how the newest execution stands."""

    name: str
    execution: str | None
    status: str
    stages: tuple[StageView, ...]

    @property
    def waiting(self) -> tuple[StageView, ActionView] | None:
        """The approval that waits, and the stage it is in."""
        for stage in self.stages:
            for action in stage.actions:
                if action.waits:
                    return stage, action
        return None

    @property
    def failed(self) -> StageView | None:
        """The last stage that failed."""
        found = [stage for stage in self.stages if stage.status in FAILED]
        return found[-1] if found else None

    @property
    def code(self) -> Exit:
        """How the newest execution stands, as an exit code."""
        if self.waiting is not None:
            return Exit.UNDECIDED
        return Exit.FAILED if self.status in {"Failed", "Stopped"} else Exit.OK

    @property
    def resting(self) -> bool:
        """Whether nothing goes on before somebody does something."""
        return self.waiting is not None or self.status not in {RUNNING, "Stopping"}

    def to_json(self) -> dict[str, Any]:
        """The pipeline in JSON types."""
        waiting = self.waiting
        return {
            "pipeline": self.name,
            "execution": self.execution,
            "status": self.status,
            "waiting": None if waiting is None else waiting[0].name,
            "stages": [stage.to_json() for stage in self.stages],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """A deployed pipeline; `client` is boto3's for CodePipeline."""

    client: Any
    name: str

    def view(self) -> PipelineView:
        """What it does now; CommandError when it is not deployed."""
        try:
            # In this order: an execution that ended before has stages that say how.
            newest = self.client.list_pipeline_executions(pipelineName=self.name, maxResults=1)
            state = self.client.get_pipeline_state(name=self.name)
        except ClientError as error:
            if error.response["Error"]["Code"] != "PipelineNotFoundException":
                raise
            raise CommandError(
                f"{self.name} is not deployed: run 'tidegate pipeline deploy'", code=Exit.REFUSED
            ) from error
        executions = newest.get("pipelineExecutionSummaries", [])
        last = executions[0] if executions else {}
        return PipelineView(
            name=self.name,
            execution=last.get("pipelineExecutionId"),
            status=last.get("status", "never ran"),
            stages=tuple(_stage(stage) for stage in state.get("stageStates", ())),
        )

    def evidence(self, execution: str | None, action: str) -> str:
        """The message that an approval was asked with; empty where it had none."""
        if execution is None:
            return ""
        told = self.client.list_action_executions(
            pipelineName=self.name, filter={"pipelineExecutionId": execution}
        )
        for detail in told.get("actionExecutionDetails", ()):
            if detail.get("actionName") == action:
                resolved = detail.get("input", {}).get("resolvedConfiguration", {})
                return str(resolved.get("CustomData", ""))
        return ""

    def decide(self, stage: StageView, action: ActionView, *, status: str, why: str) -> None:
        """The approval is `Approved` or `Rejected`, for a reason."""
        self.client.put_approval_result(
            pipelineName=self.name,
            stageName=stage.name,
            actionName=action.name,
            result={"summary": why[:_MOST_SUMMARY], "status": status},
            token=action.token,
        )

    def retry(self, stage: StageView) -> str:
        """The failed actions of a stage run again; the id of the execution that does it."""
        told = self.client.retry_stage_execution(
            pipelineName=self.name,
            stageName=stage.name,
            pipelineExecutionId=stage.execution,
            retryMode="FAILED_ACTIONS",
        )
        return str(told["pipelineExecutionId"])

    def start(self) -> str:
        """The newest source goes through the pipeline; the id of the execution."""
        told = self.client.start_pipeline_execution(name=self.name)
        return str(told["pipelineExecutionId"])


def _stage(state: Mapping[str, Any]) -> StageView:
    latest = state.get("latestExecution", {})
    return StageView(
        name=state["stageName"],
        status=latest.get("status", "not yet"),
        execution=latest.get("pipelineExecutionId"),
        next_execution=state.get("inboundExecution", {}).get("pipelineExecutionId"),
        entry=_entry(state.get("beforeEntryConditionState", {})),
        actions=tuple(_action(action) for action in state.get("actionStates", ())),
    )


def _entry(condition: Mapping[str, Any]) -> str:
    latest = condition.get("latestExecution", {})
    if latest.get("status") not in {"Failed", "Errored"}:
        return ""
    return "; ".join(_rules(condition)) or str(latest.get("summary", "a condition was not met"))


def _rules(condition: Mapping[str, Any]) -> Iterator[str]:
    for state in condition.get("conditionStates", ()):
        for rule in state.get("ruleStates", ()):
            latest = rule.get("latestExecution", {})
            said = latest.get("errorDetails", {}).get("message") or latest.get("summary", "")
            if latest.get("status") in {"Failed", "Errored"}:
                yield f"rule {rule.get('ruleName')}: {said}" if said else f"{rule.get('ruleName')}"


def _action(state: Mapping[str, Any]) -> ActionView:
    latest = state.get("latestExecution", {})
    said = latest.get("errorDetails", {}).get("message") or latest.get("summary", "")
    return ActionView(
        name=state["actionName"],
        status=latest.get("status", "not yet"),
        said=" ".join(str(said).split()),
        link=latest.get("externalExecutionUrl") or state.get("entityUrl"),
        token=latest.get("token"),
        build=latest.get("externalExecutionId"),
    )
