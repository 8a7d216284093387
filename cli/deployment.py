"""Deploys a place: synth with the live pointers, then the stacks: only idle slots change."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from cli.batches import find_batch
from cli.deployed import find_optional
from cli.exits import CommandError, Exit
from cli.options import Place
from cli.progress import QUIET, Progress
from cli.roles import assumed
from cli.synth import SynthRequest, synth, synth_environment
from cli.training import approved_packages
from emulator import deployer
from tidegate.ai.kinds import KINDS, kind_named
from tidegate.asynchronous import split_url

GUARD = "ReleaseGuard"
"""What the guard's custom resource is called: its refusal is no failure of the deployment."""

BOOTSTRAP_QUALIFIER = "hnb659fds"
"""CDK's own; `tidegate` takes no other."""

_STANDARD_ERROR = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class StackDone:
    """A stack after its deployment: what was done to it, in how many seconds of the wall's clock.

    `seconds` is None where the CDK command line did it, which tells the time by itself.
    """

    name: str
    change: str
    seconds: float | None


def deploy_stacks(
    where: Place, *, assembly: Path, progress: Progress = QUIET
) -> tuple[StackDone, ...]:
    """Every stack of the stage is as the project file says."""
    request = synth_request(where, output=assembly)
    progress.stage(f"synthesizing {where.project.name} {where.stage}")
    synth(request)
    progress.stage(f"deploying to {where.target.name}")
    if not where.target.embedded:
        return _by_cdk(request)
    return _by_deployer(where, assembly, progress)


def synth_request(where: Place, *, output: Path) -> SynthRequest:
    """What to synthesize of a place as it is now: with all that is live, and what was approved."""
    pointers = live_pointers(where)
    return SynthRequest(
        project_file=where.project.path,
        stage=where.stage,
        pointers=pointers,
        live_settings=live_settings(where, pointers),
        packages=approved_packages(where),
        batch_pointers=batch_pointers(where),
        output=output,
    )


def live_pointers(where: Place) -> dict[str, Any]:
    """The live pointer of each deployed model, in JSON types."""
    deployed = find_optional(where.reading, project=where.project.name, stage=where.stage)
    if deployed is None:
        return {}
    pointers = {model: deployed.store.pointer(model) for model in deployed.store.models()}
    return {model: p.to_json() for model, p in pointers.items() if p is not None}


def live_settings(where: Place, pointers: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of each live version of a service whose arms have resources of their own."""
    services = where.project.services.items()
    needed = [name for name, kind in services if name in pointers and _has_own(kind)]
    if not needed:
        return {}
    s3 = where.reading.client("s3")
    found: dict[str, Any] = {}
    for name in needed:
        bucket, key = split_url(pointers[name]["version"]["artifact_uri"])
        try:
            content = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        except ClientError as error:
            raise CommandError(
                f"the live settings of {name} cannot be read at s3://{bucket}/{key}: {error}; "
                "without them its live arm would change"
            ) from error
        found[name] = json.loads(content)["settings"]
    return found


def _has_own(kind: str) -> bool:
    return kind in KINDS and kind_named(kind).has_own


def batch_pointers(where: Place) -> dict[str, Any]:
    """The live slot and version of each batch that is deployed, in JSON types."""
    found = {model: find_batch(where, model) for model in where.project.batches}
    pointers = {model: batch.runs.pointer() for model, batch in found.items() if batch is not None}
    return {model: dict(pointer) for model, pointer in pointers.items() if pointer is not None}


def _by_deployer(where: Place, assembly: Path, progress: Progress) -> tuple[StackDone, ...]:
    who = _deployer_of(where)
    try:
        done = deployer.deploy(
            who.session,
            assembly,
            role_arn=who.role_arn,
            trusted_accounts=_trusted(where),
            # Asking for events takes a third of a deployment, when nobody is told of them.
            on_event=None if progress is QUIET else progress.event,
        )
    except deployer.StackFailedError as error:
        raise CommandError(_told(error), code=_code(error)) from error
    except deployer.DeployError as error:
        raise CommandError(str(error), code=Exit.REFUSED) from error
    return tuple(
        StackDone(name=stack.name, change=stack.change.value, seconds=round(stack.seconds, 2))
        for stack in done.stacks
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Deployer:
    """Who deploys to an embedded cloud, and the role that its stacks act with; None: the same."""

    session: Any
    role_arn: str | None = None


def _deployer_of(where: Place) -> _Deployer:
    """Whoever asks; a role deploys by the roles of the bootstrap, as the CDK command line does."""
    target = where.target
    caller = target.client("sts").get_caller_identity()
    if ":assumed-role/" not in caller["Arn"]:
        return _Deployer(session=target.session)
    named = where.project.account(where.stage)
    account = caller["Account"] if named is None else named
    roles = f"arn:aws:iam::{account}:role/cdk-{BOOTSTRAP_QUALIFIER}"
    site = f"{account}-{target.region}"
    return _Deployer(
        session=assumed(target, f"{roles}-deploy-role-{site}").session,
        role_arn=f"{roles}-cfn-exec-role-{site}",
    )


def _trusted(where: Place) -> tuple[str, ...]:
    """The account of the pipeline where the stage has another one, as `cdk bootstrap --trust`."""
    project = where.project
    home = None if project.pipeline is None else project.pipeline.account
    return () if home in (None, project.account(where.stage)) else (home,)


def _code(error: deployer.StackFailedError) -> Exit:
    guarded = any(GUARD in failure.resource_type for failure in error.failures)
    return Exit.REFUSED if guarded else Exit.FAILED


def _told(error: deployer.StackFailedError) -> str:
    causes = [f"\n  {failure}" for failure in error.failures]
    reasons = "".join(causes) if causes else " no resource gave a reason"
    return f"stack {error.stack_name} ended in {error.status}:{reasons}"


def _by_cdk(request: SynthRequest) -> tuple[StackDone, ...]:
    """AWS is deployed to by the pinned CDK command line, from the assembly just made."""
    command = ["cdk", "deploy", "--all", "--app", str(request.output), "--progress", "events"]
    try:
        finished = subprocess.run(
            [*command, "--require-approval", "never"],
            env=synth_environment(request),
            stdout=_STANDARD_ERROR,
            check=False,
        )
    except FileNotFoundError as error:
        raise CommandError("the CDK command line is not installed: run 'make setup'") from error
    if finished.returncode != 0:
        raise CommandError("cdk deploy failed, its messages are above")
    manifest = sorted(request.output.glob("*.template.json"))
    return tuple(
        StackDone(name=path.name.removesuffix(".template.json"), change="deployed", seconds=None)
        for path in manifest
    )
