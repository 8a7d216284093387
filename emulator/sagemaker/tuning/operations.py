"""The operations on tuning jobs: those of every kind of job, and the training jobs of each."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.sagemaker import errors, names
from emulator.sagemaker.jobs.job import Job
from emulator.sagemaker.jobs.kind import Kind
from emulator.sagemaker.jobs.operations import JobOperations
from emulator.sagemaker.listing import page_of
from emulator.sagemaker.names import Tenant
from emulator.sagemaker.tuning.describe import (
    TUNED_BY,
    described,
    listed,
    objective_of,
    summary_of,
)
from emulator.sagemaker.tuning.recipe import check, recipe_of

Json = dict[str, Any]
Operation = Callable[[Tenant, Mapping[str, Any]], Awaitable[Json]]

NOUN = "HyperParameterTuningJob"
KIND = Kind(
    noun=NOUN,
    arn_kind=names.TUNING_JOB,
    detail_type="SageMaker HyperParameter Tuning Job State Change",
    check=check,
    described=lambda job: described(job, ()),
    summary=lambda job: listed(job, ()),
    unknown=errors.no_job,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TuningOperations:
    """Create, Describe, Stop and List of tuning jobs; `training` has the jobs that they start."""

    jobs: JobOperations
    training: JobOperations

    def table(self) -> dict[str, Operation]:
        """The operations by name."""
        return {
            f"Create{NOUN}": self.create,
            f"Describe{NOUN}": self.describe,
            f"Stop{NOUN}": self.jobs.stop,
            f"List{NOUN}s": self.list_,
            f"ListTrainingJobsFor{NOUN}": self.list_trained,
        }

    async def create(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The tuning job is InProgress, under the role of its training jobs."""
        definition = request.get("TrainingJobDefinition", {})
        role = {"RoleArn": definition["RoleArn"]} if definition else {}
        if not role:
            check(request)
        return await self.jobs.create(tenant, {**request, **role})

    async def describe(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The tuning job as it stands, with its best training job."""
        job = self.jobs.job(tenant, request[f"{NOUN}Name"])
        return described(job, self._trained(tenant, job))

    async def list_(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """One page of the tuning jobs."""
        wanted = [
            job
            for job in self.jobs.jobs(tenant).values()
            if request.get("StatusEquals", job.status.value) == job.status.value
        ]
        page = page_of(wanted, request, {"Status": lambda job: job.status.value})
        return page.answer(f"{NOUN}Summaries", lambda job: listed(job, self._trained(tenant, job)))

    async def list_trained(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """One page of the training jobs of a tuning job."""
        job = self.jobs.job(tenant, request[f"{NOUN}Name"])
        recipe = recipe_of(job.request)
        wanted = [
            each
            for each in self._trained(tenant, job)
            if request.get("StatusEquals", each.status.value) == each.status.value
        ]
        worst = float("-inf") if recipe.maximize else float("inf")

        def merit(each: Job) -> float:
            value = objective_of(recipe, each)
            value = worst if value is None else value
            return value if recipe.maximize else -value

        orders = {"Status": lambda each: each.status.value, "FinalObjectiveMetricValue": merit}
        page = page_of(wanted, request, orders)
        return page.answer("TrainingJobSummaries", lambda each: summary_of(recipe, job, each))

    async def ended(self, tenant: Tenant, name: str) -> Job:
        """The tuning job once its task is over."""
        return await self.jobs.ended(tenant, name)

    def _trained(self, tenant: Tenant, job: Job) -> list[Job]:
        every = self.training.jobs(tenant).values()
        return [each for each in every if each.request.get(TUNED_BY) == job.arn]
