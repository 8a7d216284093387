"""Builds training, processing and AutoML jobs for one cloud, and ends them with it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from emulator.cloudwatch.service import CloudWatch
from emulator.cloudwatch.store import MetricKey, dimensions_of
from emulator.runtime import Hook, Runtime
from emulator.sagemaker.artifacts import s3_client_of
from emulator.sagemaker.automl.operations import AUTOML
from emulator.sagemaker.automl.running import AutoMLRunner
from emulator.sagemaker.jobs.announcing import job_changed
from emulator.sagemaker.jobs.job import Job, Measured
from emulator.sagemaker.jobs.kind import Kind
from emulator.sagemaker.jobs.metrics import NAMESPACE
from emulator.sagemaker.jobs.operations import MOST_RUNNING_JOBS, Announce, JobOperations, Office
from emulator.sagemaker.jobs.place import Site, WriteLog
from emulator.sagemaker.jobs.processing.kind import PROCESSING
from emulator.sagemaker.jobs.processing.running import ProcessingRunner
from emulator.sagemaker.jobs.training.kind import TRAINING
from emulator.sagemaker.jobs.training.running import TrainingRunner
from emulator.sagemaker.labelling.operations import LABELLING
from emulator.sagemaker.labelling.running import LabellingRunner
from emulator.sagemaker.names import Tenant
from emulator.sagemaker.serving.interface import LogLines, LogSink
from emulator.sagemaker.store import Store
from emulator.sagemaker.tuning.operations import KIND as TUNING
from emulator.sagemaker.tuning.operations import TuningOperations
from emulator.sagemaker.tuning.running import TuningRunner
from emulator.seams.events import Outbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Jobs:
    """All kinds of jobs."""

    training: JobOperations
    processing: JobOperations
    automl: JobOperations
    tuning: TuningOperations
    labelling: JobOperations


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What jobs need of the rest of the cloud."""

    store: Store
    cloudwatch: CloudWatch
    log_sink: LogSink
    trusts: Callable[[str], bool]


def job_operations(runtime: Runtime, outside: Outside) -> tuple[Jobs, Hook]:
    """The operations, and what ends every job when the cloud ends."""
    threads = ThreadPoolExecutor(2 * MOST_RUNNING_JOBS, thread_name_prefix="jobs")
    outbox = Outbox("job-events")
    office = Office(
        store=outside.store,
        trusts=outside.trusts,
        announce=_announcer(outbox),
        publish=_publisher(outside.cloudwatch),
        now=runtime.clock.now,
        threads=threads,
    )
    site = _site(runtime, outside)
    training = JobOperations(kind=TRAINING, office=office, runner=TrainingRunner(site=site))
    tuner = TuningRunner(training=training, loop=lambda: runtime.loop)
    jobs = Jobs(
        training=training,
        processing=JobOperations(
            kind=PROCESSING, office=office, runner=ProcessingRunner(site=site)
        ),
        automl=JobOperations(kind=AUTOML, office=office, runner=AutoMLRunner(site=site)),
        tuning=TuningOperations(
            jobs=JobOperations(kind=TUNING, office=office, runner=tuner), training=training
        ),
        labelling=JobOperations(kind=LABELLING, office=office, runner=LabellingRunner(site=site)),
    )

    async def stop() -> None:
        outbox.close()
        await jobs.tuning.jobs.close()
        await jobs.training.close()
        await jobs.processing.close()
        await jobs.automl.close()
        await jobs.labelling.close()
        await asyncio.to_thread(threads.shutdown)

    return jobs, stop


def _site(runtime: Runtime, outside: Outside) -> Site:
    def credentials(role_arn: str, _region: str) -> Mapping[str, str]:
        found = runtime.role_credentials(role_arn, "SageMaker").environment()
        return {**found, "AWS_ENDPOINT_URL": runtime.endpoint_url}

    return Site(
        directory=runtime.state_directory / "sagemaker" / "jobs",
        client_of=s3_client_of(
            lambda role: runtime.session_for_role(role, "SageMaker"), runtime.endpoint_url
        ),
        credentials=credentials,
        write_log=_log_writer(runtime, outside.log_sink),
        now=runtime.clock.now,
        wall_seconds=runtime.clock.wall_seconds,
    )


def _log_writer(runtime: Runtime, sink: LogSink) -> WriteLog:
    def write(tenant: Tenant, group: str, stream: str, lines: Sequence[str]) -> None:
        moment = int(runtime.clock.now() * 1000)
        events = tuple((moment, line) for line in lines)
        told = LogLines(tenant=tenant, group=group, stream=stream, events=events)
        if runtime.loop is not None:
            runtime.loop.call_soon_threadsafe(sink, told)

    return write


def _announcer(outbox: Outbox) -> Announce:
    def announce(kind: Kind, tenant: Tenant, job: Job, tags: Mapping[str, str]) -> None:
        outbox.send(tenant.account, tenant.region, job_changed(kind, job, tags))

    return announce


def _publisher(cloudwatch: CloudWatch) -> Callable[[Tenant, Job, Measured], None]:
    def publish(tenant: Tenant, job: Job, measured: Measured) -> None:
        key = MetricKey(
            account=tenant.account,
            region=tenant.region,
            namespace=NAMESPACE,
            name=measured.name,
            dimensions=dimensions_of({"TrainingJobName": job.name}),
        )
        cloudwatch.add(key, {measured.value: 1.0}, unit="None")

    return publish
