"""Carries a transform job out: containers up, objects shared out, containers down.

Data is read and written as the model's execution role, through the front door, so that IAM decides
about every object.
"""

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from emulator.sagemaker.artifacts import Artifacts, ClientOfRole
from emulator.sagemaker.builder import model_spec
from emulator.sagemaker.errors import SageMakerError
from emulator.sagemaker.names import Tenant
from emulator.sagemaker.ports import FleetSpec, FleetUnhealthyError, LogPlace, ModelSpec
from emulator.sagemaker.serving.environments import EnvironmentMissingError
from emulator.sagemaker.serving.fleet import ModelFleet, ModelFleets
from emulator.sagemaker.serving.interface import (
    ArtifactError,
    LogLines,
    LogSink,
    UnknownImageError,
)
from emulator.sagemaker.transform import failures, naming, reading
from emulator.sagemaker.transform.failures import JobFailedError
from emulator.sagemaker.transform.instance import Instance, Surroundings, together
from emulator.sagemaker.transform.job import TransformJob
from emulator.sagemaker.transform.naming import BadManifestError, InputObject
from emulator.sagemaker.transform.recipe import Recipe

LOG_GROUP = "/aws/sagemaker/TransformJobs"
STARTUP_SECONDS = 1800.0
"""The cloud's seconds until a container must be healthy; AWS staff: "after 30 minutes"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """What all jobs of one cloud share; `now` is Unix seconds, `threads` are for what blocks."""

    fleets: ModelFleets
    artifacts: Artifacts
    client_of: ClientOfRole
    log_sink: LogSink
    now: Callable[[], float]
    threads: ThreadPoolExecutor

    async def run(
        self, tenant: Tenant, job: TransformJob, recipe: Recipe, *, started: Callable[[], None]
    ) -> None:
        """Every object has its output, or JobFailedError says why not; no process is left.

        `started` is called when the containers are about to get data.
        """
        role_arn = job.model.role_arn
        client = await self._in_thread(partial(self.client_of, role_arn, tenant.region))
        around = Surroundings(client=client, role_arn=role_arn, in_thread=self._in_thread)
        run = _Run(tenant=tenant, job=job, recipe=recipe, around=around, runner=self)
        model = await run.model()
        objects = await self._objects(tenant, recipe, around)
        shares = naming.shares(objects, recipe.instance_count)
        fleets: list[ModelFleet] = []
        try:
            logs = await run.start(model, len(shares), fleets)
            started()
            work = [
                partial(run.transform, share, fleet, log)
                for share, fleet, log in zip(shares, fleets, logs, strict=True)
            ]
            found = [failure for told in await together(work) for failure in told]
        finally:
            closing = [fleet.close(drain_seconds=0.0) for fleet in fleets]
            await asyncio.shield(asyncio.gather(*closing))
        if found:
            raise found[0]

    def write(self, tenant: Tenant, stream: str, lines: Sequence[str]) -> None:
        """The lines are in the log of the job, as SageMaker marks its own."""
        now = self.now()
        events = tuple((int(now * 1000), f"[sagemaker logs]: {line}") for line in lines)
        self.log_sink(LogLines(tenant=tenant, group=LOG_GROUP, stream=stream, events=events))

    def _in_thread(self, work: Callable[[], Any]) -> "asyncio.Future[Any]":
        return asyncio.get_running_loop().run_in_executor(self.threads, work)

    async def _objects(
        self, tenant: Tenant, recipe: Recipe, around: Surroundings
    ) -> list[InputObject]:
        uri = recipe.source.uri
        try:
            found: list[InputObject] = await self._in_thread(
                partial(reading.listed, around.client, recipe)
            )
        except ClientError as error:
            raise failures.refused_by_s3(error, uri, role_arn=around.role_arn) from error
        except BadManifestError as error:
            raise JobFailedError(f"ClientError: {error}") from error
        if not found:
            raise failures.nothing_found(uri, role_arn=around.role_arn, region=tenant.region)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """One job under way."""

    tenant: Tenant
    job: TransformJob
    recipe: Recipe
    around: Surroundings
    runner: Runner

    async def model(self) -> ModelSpec:
        """What the containers run, read by the model's role, with the job's variables."""
        try:
            spec = await model_spec(self.runner.artifacts, self.tenant, self.job.model)
        except SageMakerError as error:
            raise JobFailedError(f"ClientError: {error}") from error
        return _with_variables(spec, self.recipe.environment)

    async def start(self, model: ModelSpec, instances: int, fleets: list[ModelFleet]) -> list[str]:
        """So many fleets of one healthy container are added; the log streams of each."""
        streams = []
        try:
            for _ in range(instances):
                # AWS names streams <job>/<instance id>-<milliseconds>.
                moment = int(self.runner.now() * 1000)
                stream = f"{self.job.name}/i-{secrets.token_hex(8)}-{moment}"
                fleets.append(await self.runner.fleets.create(self._spec(model, stream)))
                streams.append(stream)
            await together([fleet.wait_healthy for fleet in fleets])
        except (ArtifactError, EnvironmentMissingError, UnknownImageError) as error:
            raise JobFailedError(f"ClientError: {error}") from error
        except FleetUnhealthyError as error:
            raise JobFailedError(failures.NO_PING) from error
        return streams

    async def transform(
        self, objects: Sequence[InputObject], fleet: ModelFleet, stream: str
    ) -> list[JobFailedError]:
        """What became of the objects of one instance."""
        log = partial(self.runner.write, self.tenant, f"{stream}/data-log")
        return await Instance(self.recipe, self.around, fleet=fleet, log=log).transform(objects)

    def _spec(self, model: ModelSpec, stream: str) -> FleetSpec:
        return FleetSpec(
            endpoint="transform-job",
            variant=self.job.name,
            config="",
            model=model,
            instance_count=1,
            execution_role_arn=self.job.model.role_arn,
            tenant=self.tenant,
            startup_timeout_seconds=STARTUP_SECONDS,
            invocation_timeout_seconds=self.recipe.timeout_seconds,
            log_place=LogPlace(group=LOG_GROUP, stream=stream),
        )


def _with_variables(model: ModelSpec, variables: Mapping[str, str]) -> ModelSpec:
    """The model, each of its containers with the job's variables over its own."""
    then = tuple(_with_variables(each, variables) for each in model.then)
    return replace(model, environment={**model.environment, **variables}, then=then)
