"""Deploys a CDK cloud assembly to an embedded cloud, in about a second.

It uses plain boto3 only, so it knows nothing of the cloud's inside, and it refuses every endpoint
that is not on this machine: AWS itself is deployed to with `cdk deploy`. What it does is what the
CDK command line does: a least bootstrap once, assets, then stacks in dependency order.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from emulator.deployment.assembly import StackArtifact, read_assembly
from emulator.deployment.assets import publish_assets
from emulator.deployment.bootstrap import ensure_bootstrapped
from emulator.deployment.errors import (
    AssemblyError,
    DeployError,
    NotLoopbackError,
    ResourceFailure,
    StackFailedError,
)
from emulator.deployment.stacks import (
    OnEvent,
    StackChange,
    StackEvent,
    StackRequest,
    delete_stack,
    describe_stack,
    put_stack,
)
from emulator.deployment.target import Target, loopback_target

if TYPE_CHECKING:
    import boto3

__all__ = [
    "AssemblyError",
    "DeployError",
    "DeployResult",
    "DeployedStack",
    "NotLoopbackError",
    "OnEvent",
    "ResourceFailure",
    "StackChange",
    "StackEvent",
    "StackFailedError",
    "deploy",
    "destroy",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class DeployedStack:
    """A stack after its deployment."""

    name: str
    stack_id: str
    change: StackChange
    outputs: Mapping[str, str]
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class DeployResult:
    """What a deployment did, stack by stack."""

    stacks: Sequence[DeployedStack]
    assets_sent: int
    seconds: float

    def outputs(self, stack_name: str) -> Mapping[str, str]:
        """Return the outputs of a stack by name; KeyError if it was not deployed."""
        return {stack.name: stack.outputs for stack in self.stacks}[stack_name]


def deploy(
    session: "boto3.Session",
    assembly_directory: Path,
    *,
    stacks: Sequence[str] | None = None,
    role_arn: str | None = None,
    trusted_accounts: Sequence[str] = (),
    on_event: OnEvent | None = None,
) -> DeployResult:
    """The stacks of the assembly are deployed, each after those it depends on.

    `stacks` names those wanted (what they depend on comes along), all by default. `role_arn` is the
    role that CloudFormation acts with; without one it has the rights of the session. Roles of
    `trusted_accounts` may deploy here afterwards, as `cdk bootstrap --trust` lets them.

    Raises:
        NotLoopbackError: the session does not point at this machine.
        AssemblyError: the assembly cannot be deployed there; nothing was changed.
        StackFailedError: a stack failed; those before it are deployed.
    """
    started = time.monotonic()
    target = loopback_target(session)
    chosen = read_assembly(assembly_directory).selected(stacks)
    _require_environment(target, chosen)
    ensure_bootstrapped(target, chosen, trusted_accounts, on_event)
    deployed, sent = [], 0
    for stack in chosen:
        sent += publish_assets(target, stack.assets)
        deployed.append(_deployed(target, stack, role_arn, on_event))
    seconds = time.monotonic() - started
    return DeployResult(stacks=tuple(deployed), assets_sent=sent, seconds=seconds)


def destroy(
    session: "boto3.Session",
    assembly_directory: Path,
    *,
    stacks: Sequence[str] | None = None,
    on_event: OnEvent | None = None,
) -> Sequence[str]:
    """The stacks are gone, each before those it depends on; returns the names of those there were.

    `stacks` names those to go (and nothing else goes), all by default.

    Raises:
        NotLoopbackError: the session does not point at this machine.
        StackFailedError: a stack would not be deleted; those before it are gone.
    """
    target = loopback_target(session)
    assembly = read_assembly(assembly_directory)
    named = {s.artifact_id for s in assembly.selected(stacks)}
    if stacks is not None:
        named = {s.artifact_id for s in assembly.stacks if {s.name, s.artifact_id} & set(stacks)}
    chosen = [stack.name for stack in reversed(assembly.stacks) if stack.artifact_id in named]
    return tuple(name for name in chosen if delete_stack(target, name, on_event=on_event))


def _require_environment(target: Target, stacks: Sequence[StackArtifact]) -> None:
    """Every stack is for this account and region, or for any."""
    faults = [
        f"stack {stack.name} is for account {_named(stack.account)} in {_named(stack.region)}"
        for stack in stacks
        if stack.account not in (None, target.account) or stack.region not in (None, target.region)
    ]
    if faults:
        raise AssemblyError(
            f"{'; '.join(faults)}, got account {target.account} in {target.region}: "
            "start the embedded cloud with the stack's account and region, or leave them out"
        )


def _named(place: str | None) -> str:
    return "any" if place is None else place


def _deployed(
    target: Target, stack: StackArtifact, role_arn: str | None, on_event: OnEvent | None
) -> DeployedStack:
    started = time.monotonic()
    request = StackRequest(
        name=stack.name,
        template=stack.template.read_text(encoding="utf-8"),
        template_url=_template_url(target, stack),
        parameters=stack.parameters,
        tags=stack.tags,
        role_arn=role_arn,
    )
    change = put_stack(target, request, on_event=on_event)
    described = describe_stack(target, stack.name)
    if described is None:
        raise DeployError(f"stack {stack.name} vanished after its deployment: deploy it again")
    if described.get("EnableTerminationProtection", False) != stack.termination_protection:
        target.cloudformation.update_termination_protection(
            StackName=stack.name, EnableTerminationProtection=stack.termination_protection
        )
    return DeployedStack(
        name=stack.name,
        stack_id=described["StackId"],
        change=change,
        outputs={o["OutputKey"]: o["OutputValue"] for o in described.get("Outputs", ())},
        seconds=time.monotonic() - started,
    )


def _template_url(target: Target, stack: StackArtifact) -> str | None:
    """Where the stack's template is as an asset, if it is one."""
    for asset in stack.assets:
        if asset.source == stack.template:
            bucket, key = target.filled_in(asset.bucket), target.filled_in(asset.key)
            return f"{target.s3_url}/{bucket}/{key}"
    return None
