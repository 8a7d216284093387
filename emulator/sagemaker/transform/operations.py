"""The operations on transform jobs; each job is a task of the server's event loop.

Whatever happens, a job ends in a final status with the reason told, and none outlives the cloud.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from emulator.sagemaker import errors, names, tags
from emulator.sagemaker.jobstatus import JobStatus
from emulator.sagemaker.listing import page_of
from emulator.sagemaker.multi_model import refuse_transform
from emulator.sagemaker.names import Tenant
from emulator.sagemaker.planning import refuse_unemulated_container
from emulator.sagemaker.store import Store
from emulator.sagemaker.transform import failures
from emulator.sagemaker.transform.failures import JobFailedError
from emulator.sagemaker.transform.job import TransformJob, described, summary
from emulator.sagemaker.transform.recipe import Recipe, recipe_of

Json = dict[str, Any]

MOST_RUNNING_INSTANCES = 20
"""Instances of an account's running jobs in a region: each is a process of this machine."""

Announce = Callable[[Tenant, TransformJob, Mapping[str, str]], None]
"""Tells EventBridge of the job's status and its tags; returns at once."""

_log = logging.getLogger(__name__)


class Runs(Protocol):
    """Carries jobs out."""

    async def run(
        self, tenant: Tenant, job: TransformJob, recipe: Recipe, *, started: Callable[[], None]
    ) -> None:
        """The job is done, or JobFailedError says why not."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformOperations:
    """CreateTransformJob, DescribeTransformJob, StopTransformJob, ListTransformJobs."""

    store: Store
    runner: Runs
    announce: Announce
    now: Callable[[], float]
    tasks: dict[str, "asyncio.Task[None]"] = field(default_factory=dict)
    """By ARN, of the jobs that run."""

    async def create(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The job is InProgress."""
        name = str(request["TransformJobName"])
        arn = tenant.arn(names.TRANSFORM_JOB, name)
        shelf = self.store.shelf(tenant)
        if name.lower() in shelf.transform_jobs:
            raise errors.job_name_taken(arn)
        model = self.store.model(tenant, request["ModelName"])
        refuse_unemulated_container(model)
        refuse_transform(model)
        recipe = recipe_of(request)
        self._refuse_too_many(tenant, request)
        now = self.now()
        job = TransformJob(
            name=name,
            arn=arn,
            request={key: value for key, value in request.items() if key != "Tags"},
            model=model,
            created=now,
            modified=now,
        )
        tags.set_at_creation(shelf, arn, request)
        self._put(tenant, job)
        task = asyncio.get_running_loop().create_task(self._carry_out(tenant, job, recipe))
        self.tasks[arn] = task
        task.add_done_callback(lambda _: self._over(tenant, job))
        return {"TransformJobArn": arn}

    async def describe(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The job as it stands."""
        return described(self.store.transform_job(tenant, request["TransformJobName"]))

    async def stop(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The job is Stopping, and Stopped when its containers are gone."""
        job = self.store.transform_job(tenant, request["TransformJobName"])
        if not job.status.running:
            raise errors.job_not_running(job.status)
        if job.status is JobStatus.IN_PROGRESS:
            self._change(tenant, job.name, status=JobStatus.STOPPING)
            self.tasks[job.arn].cancel()
        return {}

    async def list_(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """One page of the jobs."""
        jobs = self.store.shelf(tenant).transform_jobs.values()
        wanted = [job for job in jobs if _asked_for(job, request)]
        page = page_of(wanted, request, {"Status": lambda job: job.status.value})
        return page.answer("TransformJobSummaries", summary)

    async def ended(self, tenant: Tenant, name: str) -> TransformJob:
        """The job once its task is over."""
        task = self.tasks.get(tenant.arn(names.TRANSFORM_JOB, name))
        if task is not None:
            await asyncio.wait([task])
        return self.store.transform_job(tenant, name)

    async def close(self) -> None:
        """No job runs any more; what they wrote so far goes with the cloud."""
        running = list(self.tasks.values())
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)

    async def _carry_out(self, tenant: Tenant, job: TransformJob, recipe: Recipe) -> None:
        def started() -> None:
            self._change(tenant, job.name, started=self.now())

        try:
            await self.runner.run(tenant, job, recipe, started=started)
        except JobFailedError as failure:
            self._end(tenant, job.name, JobStatus.FAILED, reason=str(failure))
        except Exception:  # noqa: BLE001 - the job must say so, not stay InProgress
            _log.exception("the transform job %s failed", job.arn)
            self._end(tenant, job.name, JobStatus.FAILED, reason=failures.INTERNAL)
        else:
            self._end(tenant, job.name, JobStatus.COMPLETED)

    def _over(self, tenant: Tenant, job: TransformJob) -> None:
        """The task has ended; one that was cancelled, perhaps before it began, said nothing."""
        self.tasks.pop(job.arn, None)
        if self.store.transform_job(tenant, job.name).status.running:
            self._end(tenant, job.name, JobStatus.STOPPED)

    def _end(
        self, tenant: Tenant, name: str, status: JobStatus, *, reason: str | None = None
    ) -> None:
        self._change(tenant, name, status=status, ended=self.now(), failure_reason=reason)

    def _change(self, tenant: Tenant, name: str, **changes: Any) -> None:
        job = self.store.transform_job(tenant, name)
        self._put(tenant, replace(job, modified=self.now(), **changes))

    def _put(self, tenant: Tenant, job: TransformJob) -> None:
        shelf = self.store.shelf(tenant)
        before = shelf.transform_jobs.get(job.name.lower())
        shelf.transform_jobs[job.name.lower()] = job
        if before is None or before.status is not job.status:
            self.announce(tenant, job, shelf.tags.get(job.arn, {}))

    def _refuse_too_many(self, tenant: Tenant, request: Mapping[str, Any]) -> None:
        jobs = self.store.shelf(tenant).transform_jobs.values()
        used = sum(job.instance_count for job in jobs if job.status.running)
        wanted = request["TransformResources"]
        if used + wanted["InstanceCount"] > MOST_RUNNING_INSTANCES:
            raise errors.too_many_instances(
                wanted["InstanceType"],
                limit=MOST_RUNNING_INSTANCES,
                used=used,
                wanted=wanted["InstanceCount"],
            )


def _asked_for(job: TransformJob, request: Mapping[str, Any]) -> bool:
    return (
        request.get("StatusEquals", job.status.value) == job.status.value
        and job.modified >= float(request.get("LastModifiedTimeAfter", float("-inf")))
        and job.modified <= float(request.get("LastModifiedTimeBefore", float("inf")))
    )
