"""The operations on pipelines and their executions."""

import asyncio
import secrets
import string
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from emulator.sagemaker import errors, names, tags
from emulator.sagemaker.listing import page_of
from emulator.sagemaker.names import Tenant, name_in
from emulator.sagemaker.pipelines import describe, refusals
from emulator.sagemaker.pipelines.announcing import execution_changed
from emulator.sagemaker.pipelines.definition import definition_of
from emulator.sagemaker.pipelines.engine import Engine
from emulator.sagemaker.pipelines.parameters import values_of
from emulator.sagemaker.pipelines.state import Execution, Pipeline, RunStatus
from emulator.sagemaker.store import Store

Json = dict[str, Any]
Operation = Callable[[Tenant, Mapping[str, Any]], Awaitable[Json]]

_ID = string.ascii_lowercase + string.digits
_ID_LENGTH = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineOperations:
    """Pipelines and executions; `now` is Unix seconds."""

    store: Store
    engine: Engine
    trusts: Callable[[str], bool]
    read_object: Callable[[str, str, Mapping[str, Any]], str]
    """(role ARN, region, S3 location) -> the definition's text; blocks."""
    now: Callable[[], float]

    def table(self) -> dict[str, Operation]:
        """Every operation."""
        return {
            "CreatePipeline": self.create,
            "UpdatePipeline": self.update,
            "DeletePipeline": self.delete,
            "DescribePipeline": self.describe,
            "ListPipelines": self.list_,
            "StartPipelineExecution": self.start,
            "StopPipelineExecution": self.stop,
            "RetryPipelineExecution": self.retry,
            "DescribePipelineExecution": self.describe_execution,
            "ListPipelineExecutions": self.list_executions,
            "ListPipelineExecutionSteps": self.list_steps,
            "ListPipelineParametersForExecution": self.list_parameters,
            "DescribePipelineDefinitionForExecution": self.definition_of_execution,
        }

    async def create(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The pipeline exists; a repeated request made the one that it made first."""
        name = request["PipelineName"]
        arn = tenant.arn(names.PIPELINE, name)
        shelf = self.store.shelf(tenant)
        before = shelf.pipelines.get(name.lower())
        if before is not None:
            if before.token == request["ClientRequestToken"]:
                return {"PipelineArn": before.arn}
            raise refusals.exists(arn)
        if not self.trusts(request["RoleArn"]):
            raise errors.role_not_assumable(request["RoleArn"])
        definition = await self._text(tenant, request, request["RoleArn"])
        if definition is None:
            raise errors.validation("PipelineDefinition or PipelineDefinitionS3Location is needed.")
        definition_of(definition)
        now = self.now()
        shelf.pipelines[name.lower()] = Pipeline(
            name=name,
            arn=arn,
            role_arn=request["RoleArn"],
            definition=definition,
            created=now,
            modified=now,
            token=request["ClientRequestToken"],
            display_name=request.get("PipelineDisplayName"),
            description=request.get("PipelineDescription"),
            parallelism=_parallelism(request),
        )
        tags.set_at_creation(shelf, arn, request)
        return {"PipelineArn": arn}

    async def update(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The pipeline is as the request says; executions go on as they began."""
        before = self.store.pipeline(tenant, request["PipelineName"])
        role = request.get("RoleArn", before.role_arn)
        if not self.trusts(role):
            raise errors.role_not_assumable(role)
        text = await self._text(tenant, request, role)
        if text is not None:
            definition_of(text)
        given = _parallelism(request)
        after = replace(
            before,
            role_arn=role,
            definition=before.definition if text is None else text,
            display_name=request.get("PipelineDisplayName", before.display_name),
            description=request.get("PipelineDescription", before.description),
            parallelism=before.parallelism if given is None else given,
            modified=self.now(),
            version=before.version + 1,
        )
        self.store.shelf(tenant).pipelines[before.name.lower()] = after
        return {"PipelineArn": after.arn, "PipelineVersionId": after.version}

    async def delete(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The pipeline is gone, and its executions with it."""
        found = self.store.pipeline(tenant, request["PipelineName"])
        shelf = self.store.shelf(tenant)
        own = [each for each in shelf.executions.values() if each.pipeline.arn == found.arn]
        running = sum(not each.status.over for each in own)
        if running:
            raise refusals.still_runs(found.arn, running)
        for each in own:
            del shelf.executions[each.arn]
        del shelf.pipelines[found.name.lower()]
        shelf.tags.pop(found.arn, None)
        return {"PipelineArn": found.arn}

    async def describe(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The pipeline as it stands."""
        found = self.store.pipeline(tenant, name_in(request["PipelineName"]))
        if request.get("PipelineVersionId", found.version) != found.version:
            raise errors.not_emulated("earlier versions of a pipeline (PipelineVersionId)")
        return describe.pipeline(found)

    async def list_(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """One page of the pipelines."""
        prefix = request.get("PipelineNamePrefix", "").lower()
        kept = [
            each
            for each in self.store.shelf(tenant).pipelines.values()
            if each.name.lower().startswith(prefix)
        ]
        page = page_of(kept, _times(request))
        return page.answer("PipelineSummaries", describe.pipeline_summary)

    async def start(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """An execution runs; a repeated request started the one that it started first."""
        pipeline = self.store.pipeline(tenant, name_in(request["PipelineName"]))
        _refuse_unemulated(request, pipeline)
        shelf = self.store.shelf(tenant)
        token = request["ClientRequestToken"]
        for each in shelf.executions.values():
            if each.token == token and each.pipeline.arn == pipeline.arn:
                return {"PipelineExecutionArn": each.arn}
        given = {each["Name"]: each["Value"] for each in request.get("PipelineParameters", [])}
        values = values_of(definition_of(pipeline.definition), given)
        own = _parallelism(request)
        now = self.now()
        execution = Execution(
            arn=f"{pipeline.arn}/execution/{_new_id()}",
            pipeline=pipeline,
            parameters=values,
            given=given,
            created=now,
            modified=now,
            token=token,
            display_name=request.get("PipelineExecutionDisplayName"),
            description=request.get("PipelineExecutionDescription"),
            parallelism=pipeline.parallelism if own is None else own,
        )
        self.store.put_execution(tenant, execution)
        shelf.pipelines[pipeline.name.lower()] = replace(pipeline, last_run=now)
        self.engine.tell(tenant, execution_changed(execution, None))
        self.engine.start(tenant, execution.arn)
        return {"PipelineExecutionArn": execution.arn}

    async def stop(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The execution is Stopping, and Stopped when its steps have ended."""
        execution = self.store.execution(tenant, request["PipelineExecutionArn"])
        if execution.status.over:
            raise refusals.not_running(execution.arn, execution.status)
        await self.engine.stop(tenant, execution.arn)
        return {"PipelineExecutionArn": execution.arn}

    async def retry(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The execution runs again from what did not succeed."""
        execution = self.store.execution(tenant, request["PipelineExecutionArn"])
        if execution.status not in {RunStatus.FAILED, RunStatus.STOPPED}:
            raise refusals.not_retriable(execution.arn, execution.status)
        kept = {
            name: run for name, run in execution.steps.items() if run.status is RunStatus.SUCCEEDED
        }
        self.engine.change(
            tenant,
            execution.arn,
            status=RunStatus.EXECUTING,
            steps=kept,
            failure_reason=None,
            ended=None,
        )
        self.engine.start(tenant, execution.arn)
        return {"PipelineExecutionArn": execution.arn}

    async def describe_execution(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The execution as it stands."""
        return describe.execution(self.store.execution(tenant, request["PipelineExecutionArn"]))

    async def list_executions(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """One page of a pipeline's executions."""
        pipeline = self.store.pipeline(tenant, name_in(request["PipelineName"]))
        kept = [
            each
            for each in self.store.shelf(tenant).executions.values()
            if each.pipeline.arn == pipeline.arn
        ]
        orders = {"PipelineExecutionArn": lambda each: each.arn}
        page = page_of(kept, _times(request), orders)
        return page.answer("PipelineExecutionSummaries", describe.execution_summary)

    async def list_steps(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The steps that have started, the first first unless asked otherwise."""
        if "PipelineExecutionArn" not in request:
            raise errors.validation("PipelineExecutionArn is needed.")
        execution = self.store.execution(tenant, request["PipelineExecutionArn"])
        runs = list(execution.steps.values())
        if request.get("SortOrder") == "Descending":
            runs.reverse()
        return {"PipelineExecutionSteps": [describe.step(run) for run in runs]}

    async def list_parameters(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The parameters of the execution, defaults too."""
        execution = self.store.execution(tenant, request["PipelineExecutionArn"])
        listed = [
            {"Name": name, "Value": str(value)} for name, value in execution.parameters.items()
        ]
        return {"PipelineParameters": listed}

    async def definition_of_execution(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The definition that the execution runs."""
        execution = self.store.execution(tenant, request["PipelineExecutionArn"])
        return {
            "PipelineDefinition": execution.pipeline.definition,
            "CreationTime": execution.pipeline.modified,
        }

    async def _text(self, tenant: Tenant, request: Mapping[str, Any], role: str) -> str | None:
        location = request.get("PipelineDefinitionS3Location")
        if location is None:
            return request.get("PipelineDefinition")
        return await asyncio.to_thread(partial(self.read_object, role, tenant.region, location))


def _parallelism(request: Mapping[str, Any]) -> int | None:
    given = request.get("ParallelismConfiguration")
    return None if given is None else int(given["MaxParallelExecutionSteps"])


def _refuse_unemulated(request: Mapping[str, Any], pipeline: Pipeline) -> None:
    if request.get("SelectiveExecutionConfig"):
        raise errors.not_emulated("selective executions (SelectiveExecutionConfig)")
    if request.get("PipelineVersionId", pipeline.version) != pipeline.version:
        raise errors.not_emulated("executions of earlier versions (PipelineVersionId)")


def _times(request: Mapping[str, Any]) -> dict[str, Any]:
    """The request with the times of creation as lists have them."""
    renamed = {"CreatedAfter": "CreationTimeAfter", "CreatedBefore": "CreationTimeBefore"}
    return {renamed.get(name, name): value for name, value in request.items()}


def _new_id() -> str:
    return "".join(secrets.choice(_ID) for _ in range(_ID_LENGTH))
