"""Carries one step out, as the pipeline's role through the front door: IAM decides about each call.

What blocks (calls of the API, property files of S3) runs in threads.
"""

import asyncio
import json
import secrets
import string
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError, ParamValidationError

from emulator.sagemaker import errors
from emulator.sagemaker.names import Tenant
from emulator.sagemaker.pipelines import expressions
from emulator.sagemaker.pipelines.definition import Step, definition_of
from emulator.sagemaker.pipelines.expressions import UnresolvedError, Values
from emulator.sagemaker.pipelines.state import Execution
from emulator.sagemaker.transform.naming import Location

Json = dict[str, Any]

TUNING = "HyperParameterTuningJob"
METADATA: Mapping[str, str] = {
    "TrainingJob": "TrainingJob",
    "ProcessingJob": "ProcessingJob",
    "TransformJob": "TransformJob",
    TUNING: "TuningJob",
}
"""Kinds of jobs, and where a step's metadata has their ARN (PipelineExecutionStepMetadata)."""
LONGEST_JOB_NAME, LONGEST_TUNING_NAME = 63, 32
_MARK = string.ascii_letters + string.digits
_MARK_LENGTH = 10


class StepFailedError(Exception):
    """The step can't be done; the text is its FailureReason, `metadata` what it had begun."""

    def __init__(self, reason: str, metadata: Mapping[str, Any] | None = None) -> None:
        super().__init__(reason[:1024])
        self.metadata = {} if metadata is None else metadata


class StepStoppedError(Exception):
    """The step's job was stopped."""

    def __init__(self, metadata: Mapping[str, Any]) -> None:
        super().__init__("stopped")
        self.metadata = metadata


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a step that has succeeded leaves."""

    metadata: Mapping[str, Any]
    properties: Mapping[str, Any] = field(default_factory=dict)
    outcome: bool | None = None


Ended = Callable[[Tenant, str], Awaitable[Any]]
Begun = Callable[[Mapping[str, Any]], Awaitable[None]]
"""Told the metadata of a step whose job has been created."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """What carrying out needs of the cloud."""

    session_of: Callable[[str], Any]
    """A role's boto3 session at the front door; may block."""
    ended: Mapping[str, Ended]
    """By the noun of a kind of job: waits until the job of that name is over."""
    threads: ThreadPoolExecutor

    async def carry_out(
        self, tenant: Tenant, execution: Execution, step: Step, begun: Begun
    ) -> Done:
        """The step has succeeded, or StepFailedError or StepStoppedError says what else."""
        work = _Work(steps=self, tenant=tenant, execution=execution, step=step, begun=begun)
        try:
            return await work.table[step.type]()
        except UnresolvedError as error:
            raise StepFailedError(f"ClientError: {error}") from error

    async def stop_job(self, tenant: Tenant, execution: Execution, metadata: Json) -> None:
        """The job of a running step has been asked to end; one that has ended already is fine."""
        for kind, member in METADATA.items():
            if member in metadata:
                name = str(metadata[member]["Arn"]).rpartition("/")[2]
                work = partial(self._stop, tenant, execution, kind, name)
                await asyncio.get_running_loop().run_in_executor(self.threads, work)

    def _stop(self, tenant: Tenant, execution: Execution, kind: str, name: str) -> None:
        client = self.client(tenant, execution, "sagemaker")
        try:
            getattr(client, xform_name(f"Stop{kind}"))(**{f"{kind}Name": name})
        except ClientError as error:
            if "is in status" not in str(error):
                raise errors.validation(
                    f"Failed to invoke sagemaker:Stop{kind}. Error Details: {error}"
                ) from error

    def client(self, tenant: Tenant, execution: Execution, service: str) -> Any:
        """A client that acts as the pipeline's role."""
        session = self.session_of(execution.pipeline.role_arn)
        return session.client(service, region_name=tenant.region)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """One step under way."""

    steps: Steps
    tenant: Tenant
    execution: Execution
    step: Step
    begun: Begun

    @property
    def table(self) -> Mapping[str, Callable[[], Awaitable[Done]]]:
        return {
            "Training": partial(self._job, "TrainingJob"),
            "Processing": partial(self._job, "ProcessingJob"),
            "Transform": partial(self._job, "TransformJob"),
            "Tuning": partial(self._job, TUNING),
            "Model": self._model,
            "RegisterModel": self._register,
            "Condition": self._condition,
            "Fail": self._fail,
        }

    async def _job(self, noun: str) -> Done:
        name = self._tuning_name() if noun == TUNING else self._job_name()
        request = {**await self._arguments(), f"{noun}Name": name}
        answer = await self._call(f"Create{noun}", request)
        metadata = {METADATA[noun]: {"Arn": answer[f"{noun}Arn"]}}
        await self.begun(metadata)
        await self.steps.ended[noun](self.tenant, name)
        told = await self._call(f"Describe{noun}", {f"{noun}Name": name}, metadata)
        status = told[f"{noun}Status"]
        if status == "Failed":
            raise StepFailedError(str(told.get("FailureReason", "")), metadata)
        if status != "Completed":
            raise StepStoppedError(metadata)
        return Done(metadata=metadata, properties={**told, **await self._trained(noun, name)})

    async def _trained(self, noun: str, name: str) -> Json:
        """What else the properties of a tuning step have: the jobs that it trained."""
        if noun != TUNING:
            return {}
        operation = "ListTrainingJobsForHyperParameterTuningJob"
        request = {f"{noun}Name": name, "SortBy": "FinalObjectiveMetricValue"}
        return await self._call(operation, request)

    async def _model(self) -> Done:
        name = self._job_name()
        answer = await self._call("CreateModel", {**await self._arguments(), "ModelName": name})
        metadata = {"Model": {"Arn": answer["ModelArn"]}}
        told = await self._call("DescribeModel", {"ModelName": name}, metadata)
        return Done(metadata=metadata, properties=told)

    async def _register(self) -> Done:
        token = f"{self.execution.id}-{self.step.name}"[:36]
        request = {"ClientToken": token, **await self._arguments()}
        answer = await self._call("CreateModelPackage", request)
        arn = answer["ModelPackageArn"]
        metadata = {"RegisterModel": {"Arn": arn}}
        told = await self._call("DescribeModelPackage", {"ModelPackageName": arn}, metadata)
        return Done(metadata=metadata, properties=told)

    async def _condition(self) -> Done:
        values = self._values()
        conditions = self.step.arguments["Conditions"]
        work = partial(lambda: all(expressions.holds(each, values) for each in conditions))
        outcome: bool = await self._in_thread(work)
        metadata = {"Condition": {"Outcome": str(outcome)}}
        return Done(metadata=metadata, properties={"Outcome": str(outcome)}, outcome=outcome)

    async def _fail(self) -> Done:
        message = str((await self._arguments()).get("ErrorMessage", ""))
        raise StepFailedError(message, {"Fail": {"ErrorMessage": message}})

    async def _arguments(self) -> Json:
        values = self._values()
        found: Json = await self._in_thread(
            partial(expressions.resolved, dict(self.step.arguments), values)
        )
        return found

    async def _call(
        self, operation: str, request: Json, metadata: Mapping[str, Any] | None = None
    ) -> Json:
        def call() -> Json:
            client = self.steps.client(self.tenant, self.execution, "sagemaker")
            answer: Json = getattr(client, xform_name(operation))(**request)
            return {name: value for name, value in answer.items() if name != "ResponseMetadata"}

        try:
            found: Json = await self._in_thread(call)
        except (ClientError, ParamValidationError) as error:
            raise StepFailedError(
                f"ClientError: Failed to invoke sagemaker:{operation}. Error Details: {error}",
                metadata,
            ) from error
        return found

    async def _in_thread(self, work: Callable[[], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self.steps.threads, work)

    def _job_name(self) -> str:
        """`pipelines-<execution>-<step>-<mark>`, as AWS names what steps make."""
        mark = "".join(secrets.choice(_MARK) for _ in range(_MARK_LENGTH))
        start = f"pipelines-{self.execution.id}-{self.step.name}".replace("_", "-")
        return f"{start[: LONGEST_JOB_NAME - _MARK_LENGTH - 1].rstrip('-')}-{mark}"

    def _tuning_name(self) -> str:
        """Names of tuning jobs have at most 32 characters; SageMaker's scheme is not published."""
        mark = "".join(secrets.choice(_MARK) for _ in range(_MARK_LENGTH))
        start = f"{self.execution.id}-{self.step.name}".replace("_", "-")
        return f"{start[: LONGEST_TUNING_NAME - _MARK_LENGTH - 1].rstrip('-')}-{mark}"

    def _values(self) -> Values:
        execution = self.execution
        return Values(
            parameters=execution.parameters,
            execution={
                "PipelineName": execution.pipeline.name,
                "PipelineArn": execution.pipeline.arn,
                "PipelineExecutionId": execution.id,
                "PipelineExecutionArn": execution.arn,
                "StartDateTime": _moment(execution.created),
                "CurrentDateTime": _moment(execution.modified),
            },
            properties={name: run.properties for name, run in execution.steps.items()},
            property_file=self._property_file,
        )

    def _property_file(self, step: str, file: str) -> Any:
        """The JSON document that a processing step left in one of its outputs."""
        named = self._declared(step)[file]
        listed = self.execution.steps[step].properties["ProcessingOutputConfig"]["Outputs"]
        found = [each for each in listed if each["OutputName"] == named["OutputName"]]
        if not found:
            raise UnresolvedError(f"step {step} has no output {named['OutputName']}")
        uri = f"{found[0]['S3Output']['S3Uri'].rstrip('/')}/{named['FilePath']}"
        place = Location.of(uri)
        client = self.steps.client(self.tenant, self.execution, "s3")
        try:
            body = client.get_object(Bucket=place.bucket, Key=place.key)["Body"].read()
            return json.loads(body)
        except (ClientError, ValueError) as error:
            raise UnresolvedError(
                f"property file {file} can't be read from {uri}: {error}"
            ) from error

    def _declared(self, step: str) -> Mapping[str, Mapping[str, Any]]:
        steps = definition_of(self.execution.pipeline.definition).steps
        return next(each.property_files for each in steps if each.name == step)


def _moment(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
