"""A pipeline's declaration, read from the API's own shape into values. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True)
class Tenant:
    """One account in one region: nothing is shared between two."""

    account: str
    region: str

    def arn(self, name: str) -> str:
        """The ARN of a pipeline, or of `pipeline/stage` and `pipeline/stage/action`."""
        return f"arn:aws:codepipeline:{self.region}:{self.account}:{name}"


class Mode(StrEnum):
    """What becomes of an execution that waits for a stage when a newer one comes."""

    SUPERSEDED = "SUPERSEDED"
    QUEUED = "QUEUED"


class Result(StrEnum):
    """What a condition does that is not met, or a failed stage, spelled as AWS does."""

    FAIL = "FAIL"
    ROLLBACK = "ROLLBACK"
    RETRY = "RETRY"
    SKIP = "SKIP"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionDeclaration:
    """One action of a stage."""

    name: str
    category: str
    provider: str
    run_order: int
    configuration: Mapping[str, str]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    role_arn: str | None
    region: str | None
    namespace: str | None
    timeout_minutes: int | None
    type_id: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleDeclaration:
    """One rule of a condition."""

    name: str
    provider: str
    configuration: Mapping[str, str]
    inputs: tuple[str, ...]
    role_arn: str | None
    type_id: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Rules that must all hold, and what happens when they do not."""

    result: Result
    rules: tuple[RuleDeclaration, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StageDeclaration:
    """One stage: its actions and conditions; `on_failure` is None where nothing is said."""

    name: str
    actions: tuple[ActionDeclaration, ...]
    before_entry: tuple[Condition, ...]
    on_success: tuple[Condition, ...]
    failure_conditions: tuple[Condition, ...]
    on_failure: Result | None
    retry_mode: str

    def groups(self) -> list[list[ActionDeclaration]]:
        """The actions that run beside each other, in the order of the groups."""
        orders = sorted({action.run_order for action in self.actions})
        return [[a for a in self.actions if a.run_order == order] for order in orders]

    def action(self, name: str) -> ActionDeclaration | None:
        """The action of that name."""
        return next((action for action in self.actions if action.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactStore:
    """The bucket of artifacts, and the key by which they are encrypted (None: S3's own)."""

    bucket: str
    key_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """A whole pipeline; `wire` is what GetPipeline shows."""

    name: str
    role_arn: str
    stages: tuple[StageDeclaration, ...]
    mode: Mode
    stores: Mapping[str, ArtifactStore]
    variables: Mapping[str, str | None]
    wire: Mapping[str, Any]

    def store(self, region: str) -> ArtifactStore:
        """The artifact store of a region; the only one there is serves every region."""
        found = self.stores.get(region)
        return found if found is not None else next(iter(self.stores.values()))

    def stage(self, name: str) -> StageDeclaration | None:
        """The stage of that name."""
        return next((stage for stage in self.stages if stage.name == name), None)

    def position(self, stage: str) -> int:
        """Where the stage is, from 0."""
        return [one.name for one in self.stages].index(stage)


def declaration_of(wire: Mapping[str, Any], region: str) -> Declaration:
    """The declaration that the API's structure says; it has been checked before."""
    stores = wire.get("artifactStores") or {region: wire.get("artifactStore", {})}
    return Declaration(
        name=wire["name"],
        role_arn=wire["roleArn"],
        stages=tuple(_stage(stage) for stage in wire["stages"]),
        mode=Mode(wire.get("executionMode", Mode.SUPERSEDED)),
        stores={name: _store(store) for name, store in stores.items()},
        variables={v["name"]: v.get("defaultValue") for v in wire.get("variables", [])},
        wire=wire,
    )


def _store(wire: Mapping[str, Any]) -> ArtifactStore:
    key = wire.get("encryptionKey")
    return ArtifactStore(bucket=wire.get("location", ""), key_id=None if not key else key["id"])


def _stage(wire: Mapping[str, Any]) -> StageDeclaration:
    failure = wire.get("onFailure", {})
    result = failure.get("result")
    return StageDeclaration(
        name=wire["name"],
        actions=tuple(_action(action) for action in wire["actions"]),
        before_entry=_conditions(wire.get("beforeEntry", {})),
        on_success=_conditions(wire.get("onSuccess", {})),
        failure_conditions=_conditions(failure),
        on_failure=None if result is None else Result(result),
        retry_mode=failure.get("retryConfiguration", {}).get("retryMode", "FAILED_ACTIONS"),
    )


def _conditions(wire: Mapping[str, Any]) -> tuple[Condition, ...]:
    return tuple(
        Condition(
            result=Result(condition.get("result", Result.FAIL)),
            rules=tuple(_rule(rule) for rule in condition.get("rules", [])),
        )
        for condition in wire.get("conditions", [])
    )


def _rule(wire: Mapping[str, Any]) -> RuleDeclaration:
    return RuleDeclaration(
        name=wire["name"],
        provider=wire["ruleTypeId"]["provider"],
        configuration=wire.get("configuration", {}),
        inputs=_names(wire.get("inputArtifacts", [])),
        role_arn=wire.get("roleArn"),
        type_id=wire["ruleTypeId"],
    )


def _action(wire: Mapping[str, Any]) -> ActionDeclaration:
    return ActionDeclaration(
        name=wire["name"],
        category=wire["actionTypeId"]["category"],
        provider=wire["actionTypeId"]["provider"],
        run_order=int(wire.get("runOrder", 1)),
        configuration=wire.get("configuration", {}),
        inputs=_names(wire.get("inputArtifacts", [])),
        outputs=_names(wire.get("outputArtifacts", [])),
        role_arn=wire.get("roleArn"),
        region=wire.get("region"),
        namespace=wire.get("namespace"),
        timeout_minutes=wire.get("timeoutInMinutes"),
        type_id=wire["actionTypeId"],
    )


def _names(wire: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(str(artifact["name"]) for artifact in wire)
