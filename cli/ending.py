"""What an embedded cloud holds before it ends: what is open, and data that stacks keep."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cli.batches import batch_of
from cli.target import Target
from tidegate_aws.release_store import DynamoReleaseStore

_TABLE, _RUNS = "ReleaseTableName", "RunTableName"
"""The outputs by which a stack is known to hold a release loop, or the runs of a batch."""

_NEWEST = 20
"""Runs of a batch that are looked at: an older one that is still open was forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRelease:
    """A release that is not over."""

    stack: str
    model: str
    release_id: str

    def __str__(self) -> str:
        return f"release {self.release_id} of {self.model} ({self.stack})"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRun:
    """A run of a batch that is not over."""

    stack: str
    model: str
    run: str

    def __str__(self) -> str:
        return f"run {self.run} of the batch of {self.model} ({self.stack})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What a cloud holds: open releases and runs, and what stacks keep or have left behind."""

    open: tuple[OpenRelease | OpenRun, ...]
    kept: tuple[str, ...]


def held(targets: Iterable[Target]) -> Held:
    """Everything that somebody might miss, in every account."""
    found = [_held(target) for target in targets]
    return Held(
        open=tuple(release for one in found for release in one.open),
        kept=tuple(item for one in found for item in one.kept),
    )


def _held(target: Target) -> Held:
    cloudformation = target.client("cloudformation")
    pages = cloudformation.get_paginator("describe_stacks").paginate()
    stacks = [stack for page in pages for stack in page["Stacks"]]
    return Held(
        open=tuple(one for stack in stacks for one in _open(target, stack)),
        kept=(*_kept(cloudformation, stacks), *_left_behind(target, cloudformation, stacks)),
    )


def _open(target: Target, stack: dict[str, Any]) -> Iterator[OpenRelease | OpenRun]:
    outputs = {o["OutputKey"]: o["OutputValue"] for o in stack.get("Outputs", ())}
    if _RUNS in outputs:
        yield from _open_runs(target, stack["StackName"], outputs)
    if _TABLE not in outputs:
        return
    store = DynamoReleaseStore(client=target.client("dynamodb"), table=outputs[_TABLE])
    for model in store.models():
        holder = store.lock_holder(model)
        if holder is not None:
            yield OpenRelease(stack=stack["StackName"], model=model, release_id=holder)


def _open_runs(target: Target, stack: str, outputs: Mapping[str, str]) -> Iterator[OpenRun]:
    """Those that an execution works on: what is stalled goes on in no cloud by itself."""
    model = stack.rpartition("-batch-")[2]
    batch = batch_of(model, outputs, target=target, reading=target)
    for record in batch.runs.newest(_NEWEST):
        if not record.status.over and not batch.stalled(record):
            yield OpenRun(stack=stack, model=model, run=record.run)


def _kept(cloudformation: Any, stacks: list[dict[str, Any]]) -> Iterator[str]:
    """Resources that outlive their stack by its template."""
    for stack in stacks:
        name = stack["StackName"]
        body = cloudformation.get_template(StackName=name)["TemplateBody"]
        declared = body.get("Resources", {}) if isinstance(body, dict) else {}
        for resource in _resources(cloudformation, name):
            policy = declared.get(resource["LogicalResourceId"], {}).get("DeletionPolicy")
            if policy == "Retain":
                yield f"{resource['ResourceType']} {resource.get('PhysicalResourceId')} of {name}"


def _resources(cloudformation: Any, stack: str) -> list[dict[str, Any]]:
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
    return [resource for page in pages for resource in page["StackResourceSummaries"]]


def _left_behind(
    target: Target, cloudformation: Any, stacks: list[dict[str, Any]]
) -> Iterator[str]:
    """Models and configurations that replacements left, to go back to: no stack has them."""
    owned = {
        resource.get("PhysicalResourceId", "").rpartition("/")[2].lower()
        for stack in stacks
        for resource in _resources(cloudformation, stack["StackName"])
    }
    sagemaker = target.client("sagemaker")
    for operation, key, name in (
        ("list_endpoint_configs", "EndpointConfigs", "EndpointConfigName"),
        ("list_models", "Models", "ModelName"),
    ):
        for page in sagemaker.get_paginator(operation).paginate():
            for item in page[key]:
                if item[name].lower() not in owned:
                    yield f"{name.removesuffix('Name')} {item[name]}, of an earlier deploy"
