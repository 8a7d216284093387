"""The pipelines of every tenant, in memory, with one lock for all that moves executions."""

import threading

from emulator.codepipeline import errors
from emulator.codepipeline.declaration import StageDeclaration, Tenant
from emulator.codepipeline.state import Execution, Pipeline


class Store:
    """Checks existence and nothing else."""

    def __init__(self) -> None:
        self._pipelines: dict[tuple[Tenant, str], Pipeline] = {}
        self.lock = threading.RLock()

    def all(self) -> list[Pipeline]:
        """Every pipeline of every tenant."""
        with self.lock:
            return list(self._pipelines.values())

    def of(self, tenant: Tenant) -> list[Pipeline]:
        """The tenant's pipelines by name."""
        mine = [pipeline for pipeline in self.all() if pipeline.tenant == tenant]
        return sorted(mine, key=lambda pipeline: pipeline.name)

    def find(self, tenant: Tenant, name: str) -> Pipeline | None:
        """The pipeline, None if there is none."""
        return self._pipelines.get((tenant, name))

    def pipeline(self, tenant: Tenant, name: str) -> Pipeline:
        """The pipeline, or AWS's error."""
        found = self.find(tenant, name)
        if found is None:
            raise errors.pipeline_not_found(tenant.account, name)
        return found

    def put(self, pipeline: Pipeline) -> None:
        """The pipeline is known."""
        with self.lock:
            self._pipelines[pipeline.tenant, pipeline.name] = pipeline

    def remove(self, pipeline: Pipeline) -> None:
        """The pipeline is gone."""
        with self.lock:
            self._pipelines.pop((pipeline.tenant, pipeline.name), None)


def execution_of(pipeline: Pipeline, execution_id: str) -> Execution:
    """The execution, or AWS's error."""
    found = pipeline.executions.get(execution_id)
    if found is None:
        raise errors.execution_not_found(pipeline.name, execution_id)
    return found


def stage_of(pipeline: Pipeline, name: str) -> StageDeclaration:
    """The stage of the pipeline as it is now, or AWS's error."""
    found = pipeline.declaration.stage(name)
    if found is None:
        raise errors.stage_not_found(pipeline.name, name)
    return found
