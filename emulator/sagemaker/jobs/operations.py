"""The operations on jobs of one kind; each job is a thread, beside the server's event loop.

Whatever happens, a job ends in a final status with the reason told, and none outlives the cloud.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from emulator.sagemaker import errors, tags
from emulator.sagemaker.jobs import failures
from emulator.sagemaker.jobs.failures import JobFailedError
from emulator.sagemaker.jobs.job import Job, Measured, Result
from emulator.sagemaker.jobs.kind import Kind, Runs
from emulator.sagemaker.jobs.script import Controls
from emulator.sagemaker.jobstatus import JobStatus
from emulator.sagemaker.listing import page_of
from emulator.sagemaker.names import Tenant
from emulator.sagemaker.store import Store

Json = dict[str, Any]

MOST_RUNNING_JOBS = 20
"""Running jobs of a kind in an account and region: each is a process of this machine."""

Announce = Callable[[Kind, Tenant, Job, Mapping[str, str]], None]
"""Tells EventBridge of the job's status and its tags; returns at once."""
Publish = Callable[[Tenant, Job, Measured], None]
"""Makes a CloudWatch datapoint of a metric's value; from the event loop."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """What the operations on every kind of job share; `now` is Unix seconds."""

    store: Store
    trusts: Callable[[str], bool]
    announce: Announce
    publish: Publish
    now: Callable[[], float]
    threads: ThreadPoolExecutor


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOperations:
    """Create, Describe, Stop and List of one kind."""

    kind: Kind
    office: Office
    runner: Runs
    controls: dict[str, Controls] = field(default_factory=dict)
    tasks: dict[str, "asyncio.Task[None]"] = field(default_factory=dict)
    """By ARN, of the jobs that run."""

    async def create(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The job is InProgress."""
        name = str(request[self.kind.name_member])
        arn = tenant.arn(self.kind.arn_kind, name)
        jobs = self.jobs(tenant)
        if name.lower() in jobs:
            raise errors.job_name_taken(arn)
        self.kind.check(request)
        if not self.office.trusts(request["RoleArn"]):
            raise errors.role_not_assumable(request["RoleArn"])
        if sum(job.status.running for job in jobs.values()) >= MOST_RUNNING_JOBS:
            raise errors.too_many_jobs(self.kind.words, MOST_RUNNING_JOBS)
        now = self.office.now()
        job = Job(
            name=name,
            arn=arn,
            request={key: value for key, value in request.items() if key != "Tags"},
            created=now,
            modified=now,
        ).entering("Starting", "Preparing the instances", now=now)
        tags.set_at_creation(self.office.store.shelf(tenant), arn, request)
        self._put(tenant, job)
        self.controls[arn] = Controls(stop=threading.Event(), abandon=threading.Event())
        task = asyncio.get_running_loop().create_task(self._carry_out(tenant, job))
        self.tasks[arn] = task
        task.add_done_callback(lambda _: self._over(arn))
        return {f"{self.kind.noun}Arn": arn}

    async def describe(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The job as it stands."""
        return self.kind.described(self.job(tenant, request[self.kind.name_member]))

    async def stop(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The job is Stopping, and Stopped when its program has ended."""
        job = self.job(tenant, request[self.kind.name_member])
        if not job.status.running:
            raise errors.job_not_running(job.status, self.kind.words)
        if job.status is JobStatus.IN_PROGRESS:
            now = self.office.now()
            stopping = job.entering("Stopping", "Stopping the job", now=now)
            self._put(tenant, replace(stopping, status=JobStatus.STOPPING))
            self.controls[job.arn].stop.set()
        return {}

    async def list_(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """One page of the jobs."""
        wanted = [job for job in self.jobs(tenant).values() if _asked_for(job, request)]
        page = page_of(wanted, request, {"Status": lambda job: job.status.value})
        return page.answer(f"{self.kind.noun}Summaries", self.kind.summary)

    def jobs(self, tenant: Tenant) -> dict[str, Job]:
        """The tenant's jobs of this kind, by name in lower case."""
        return self.office.store.jobs(tenant, self.kind.noun)

    def job(self, tenant: Tenant, name: str) -> Job:
        """The job of that name."""
        found = self.jobs(tenant).get(name.lower())
        if found is None:
            raise self.kind.unknown(name)
        return found

    async def ended(self, tenant: Tenant, name: str) -> Job:
        """The job once its task is over."""
        task = self.tasks.get(tenant.arn(self.kind.arn_kind, name))
        if task is not None:
            await asyncio.wait([task])
        return self.job(tenant, name)

    async def close(self) -> None:
        """No job runs any more; what they made so far goes with the cloud."""
        for controls in self.controls.values():
            controls.abandon.set()
            controls.stop.set()
        if self.tasks:
            await asyncio.wait(list(self.tasks.values()))

    async def _carry_out(self, tenant: Tenant, job: Job) -> None:
        loop = asyncio.get_running_loop()
        progress = _OnLoop(operations=self, tenant=tenant, name=job.name, loop=loop)
        controls = self.controls[job.arn]
        try:
            result: Result = await loop.run_in_executor(
                self.office.threads, self.runner.run, tenant, job, progress, controls
            )
        except JobFailedError as failure:
            message = getattr(failure, "exit_message", None)
            self._failed(tenant, job.name, str(failure), Result(exit_message=message))
        except Exception:  # noqa: BLE001 - the job must say so, not stay InProgress
            _log.exception("the %s %s failed", self.kind.words, job.arn)
            self._failed(tenant, job.name, failures.INTERNAL, Result())
        else:
            self._done(tenant, job.name, result)

    def _over(self, arn: str) -> None:
        self.tasks.pop(arn, None)
        self.controls.pop(arn, None)

    def _failed(self, tenant: Tenant, name: str, reason: str, result: Result) -> None:
        job = self.job(tenant, name).entering("Failed", "Job failed", now=self.office.now())
        failed = replace(job, status=JobStatus.FAILED, failure_reason=reason, result=result)
        self._end(tenant, failed)

    def _done(self, tenant: Tenant, name: str, result: Result) -> None:
        status, secondary, message = JobStatus.COMPLETED, "Completed", "Job completed"
        if result.timed_out:
            status, secondary = JobStatus.STOPPED, "MaxRuntimeExceeded"
            message = "The job was stopped because it exceeded MaxRuntimeInSeconds"
        elif result.stopped:
            status, secondary, message = JobStatus.STOPPED, "Stopped", "Job stopped"
        job = self.job(tenant, name).entering(secondary, message, now=self.office.now())
        self._end(tenant, replace(job, status=status, result=result))

    def _end(self, tenant: Tenant, job: Job) -> None:
        now = self.office.now()
        last = replace(job.transitions[-1], ended=now)
        self._put(tenant, replace(job, ended=now, transitions=(*job.transitions[:-1], last)))

    def _put(self, tenant: Tenant, job: Job) -> None:
        jobs = self.jobs(tenant)
        before = jobs.get(job.name.lower())
        jobs[job.name.lower()] = job
        told = None if before is None else (before.status, before.transitions[-1:])
        if told is None or told != (job.status, job.transitions[-1:]):
            known = self.office.store.shelf(tenant).tags.get(job.arn, {})
            self.office.announce(self.kind, tenant, job, known)

    def change(self, tenant: Tenant, name: str, change: Callable[[Job], Job]) -> None:
        """The running job is as the change makes it; one that is stopping keeps its status."""
        self._put(tenant, change(self.job(tenant, name)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _OnLoop:
    """Tells the operations, on the event loop, what a thread says of its job."""

    operations: JobOperations
    tenant: Tenant
    name: str
    loop: asyncio.AbstractEventLoop

    def entering(self, status: str, message: str) -> None:
        now = self.operations.office.now()
        self._change(lambda job: job.entering(status, message, now=now))

    def working(self) -> None:
        now = self.operations.office.now()
        self._change(lambda job: replace(job, started=now))

    def measured(self, values: list[Measured]) -> None:
        last = {each.name: each for each in values}

        def update(job: Job) -> Job:
            known = {each.name: each for each in job.metrics} | last
            every = (*job.measured, *values)
            return replace(job, metrics=tuple(known.values()), measured=every)

        self._change(update)
        self.loop.call_soon_threadsafe(self._publish, values)

    def _change(self, change: Callable[[Job], Job]) -> None:
        operations = self.operations
        self.loop.call_soon_threadsafe(operations.change, self.tenant, self.name, change)

    def _publish(self, values: list[Measured]) -> None:
        job = self.operations.job(self.tenant, self.name)
        for each in values:
            self.operations.office.publish(self.tenant, job, each)


def _asked_for(job: Job, request: Mapping[str, Any]) -> bool:
    return (
        request.get("StatusEquals", job.status.value) == job.status.value
        and job.modified >= float(request.get("LastModifiedTimeAfter", float("-inf")))
        and job.modified <= float(request.get("LastModifiedTimeBefore", float("inf")))
    )
