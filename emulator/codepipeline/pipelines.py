"""Pipelines: create, update, delete, describe, list, tags."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.codepipeline import errors, validation
from emulator.codepipeline.declaration import Declaration, Tenant, declaration_of
from emulator.codepipeline.engine import Engine
from emulator.codepipeline.errors import CodePipelineError
from emulator.codepipeline.state import Json, Pipeline, Trigger
from emulator.codepipeline.store import Store
from emulator.codepipeline.views import page_of

_NOT_SHOWN = ("version",)


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineOperations:
    """The operations on pipelines; `trusts` asks whether CodePipeline may assume a role.

    `listen` makes that new objects and events start pipelines, before the first one exists.
    """

    store: Store
    engine: Engine
    trusts: Callable[[str], bool]
    listen: Callable[[], None]
    now: Callable[[], float]

    async def create(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The pipeline exists and its first execution has started."""
        wire = request["pipeline"]
        declaration = self._checked(tenant, wire)
        if self.store.find(tenant, declaration.name) is not None:
            raise errors.name_in_use(declaration.name)
        await asyncio.to_thread(self.listen)
        now = self.now()
        pipeline = Pipeline(tenant=tenant, declaration=declaration, created=now, updated=now)
        pipeline.tags = {tag["key"]: tag["value"] for tag in request.get("tags", [])}
        pipeline.versions[1] = declaration.wire
        self.store.put(pipeline)
        self.engine.start(pipeline, Trigger(type="CreatePipeline"))
        return {"pipeline": shown(pipeline), "tags": request.get("tags", [])}

    async def update(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The pipeline has the new structure as its next version; what was under way is over."""
        wire = request["pipeline"]
        pipeline = self.store.pipeline(tenant, wire["name"])
        declaration = self._checked(tenant, wire)
        with self.store.lock:
            changed = declaration.wire != pipeline.declaration.wire
            if changed:
                self.engine.cancel(pipeline)
                pipeline.declaration = declaration
                pipeline.version += 1
                pipeline.versions[pipeline.version] = declaration.wire
                pipeline.updated = self.now()
        return {"pipeline": shown(pipeline)}

    async def delete(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The pipeline is gone; one that was gone already counts."""
        pipeline = self.store.find(tenant, request["name"])
        if pipeline is not None:
            self.engine.cancel(pipeline)
            self.store.remove(pipeline)
        return {}

    async def get(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The declaration, of the version that is asked for or the newest."""
        pipeline = self.store.pipeline(tenant, request["name"])
        version = int(request.get("version", pipeline.version))
        if version not in pipeline.versions:
            raise CodePipelineError(
                "PipelineVersionNotFoundException",
                f"Pipeline {pipeline.name} has no version {version}",
            )
        metadata = {
            "pipelineArn": pipeline.arn,
            "created": pipeline.created,
            "updated": pipeline.updated,
        }
        return {"pipeline": shown(pipeline, version), "metadata": metadata}

    async def list_(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """All pipelines by name."""
        summaries: list[Json] = [
            {
                "name": pipeline.name,
                "version": pipeline.version,
                "pipelineType": pipeline.declaration.wire.get("pipelineType", "V1"),
                "executionMode": str(pipeline.declaration.mode),
                "created": pipeline.created,
                "updated": pipeline.updated,
            }
            for pipeline in self.store.of(tenant)
        ]
        return page_of(summaries, request, "pipelines")

    async def tag(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The pipeline has these tags too."""
        pipeline = self._by_arn(tenant, request)
        pipeline.tags.update({tag["key"]: tag["value"] for tag in request["tags"]})
        return {}

    async def untag(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The pipeline has no tag of those keys."""
        pipeline = self._by_arn(tenant, request)
        for key in request["tagKeys"]:
            pipeline.tags.pop(key, None)
        return {}

    async def list_tags(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """Every tag of the pipeline."""
        pipeline = self._by_arn(tenant, request)
        return {"tags": [{"key": key, "value": value} for key, value in pipeline.tags.items()]}

    def _by_arn(self, tenant: Tenant, request: Mapping[str, Any]) -> Pipeline:
        name = str(request["resourceArn"]).rpartition(":")[2]
        pipeline = self.store.find(tenant, name)
        if pipeline is None:
            raise CodePipelineError(
                "ResourceNotFoundException", f"There is no pipeline {request['resourceArn']}"
            )
        return pipeline

    def _checked(self, tenant: Tenant, wire: Mapping[str, Any]) -> Declaration:
        own = {name: value for name, value in wire.items() if name not in _NOT_SHOWN}
        validation.check(own)
        if not self.trusts(str(own["roleArn"])):
            raise errors.role_not_assumable(str(own["roleArn"]))
        return declaration_of(own, tenant.region)


def shown(pipeline: Pipeline, version: int | None = None) -> Json:
    """A declaration as the API shows it."""
    number = pipeline.version if version is None else version
    defaults = {"executionMode": "SUPERSEDED", "pipelineType": "V1"}
    return {**defaults, **pipeline.versions[number], "version": number}
