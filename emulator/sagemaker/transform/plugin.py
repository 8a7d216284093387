"""Builds batch transform for one running cloud, and ends it with the cloud."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from emulator.runtime import Hook, Runtime
from emulator.sagemaker.artifacts import Artifacts, s3_client_of
from emulator.sagemaker.names import Tenant
from emulator.sagemaker.serving.fleet import ModelFleets
from emulator.sagemaker.serving.interface import LogSink
from emulator.sagemaker.store import Store
from emulator.sagemaker.transform.announcing import DETAIL_TYPE, SOURCE, detail_of
from emulator.sagemaker.transform.job import TransformJob
from emulator.sagemaker.transform.operations import Announce, TransformOperations
from emulator.sagemaker.transform.running import Runner
from emulator.seams.events import Event, Outbox

THREADS = 8
"""Reads and writes of S3 at one time, of all jobs."""


def transform_operations(
    runtime: Runtime, *, store: Store, fleets: ModelFleets, artifacts: Artifacts, log_sink: LogSink
) -> tuple[TransformOperations, Hook]:
    """The operations, and what ends every job when the cloud ends."""
    threads = ThreadPoolExecutor(THREADS, thread_name_prefix="transform")
    outbox = Outbox("transform-events")
    operations = TransformOperations(
        store=store,
        runner=Runner(
            fleets=fleets,
            artifacts=artifacts,
            client_of=s3_client_of(
                lambda role: runtime.session_for_role(role, "SageMaker"), runtime.endpoint_url
            ),
            log_sink=log_sink,
            now=runtime.clock.now,
            threads=threads,
        ),
        announce=_announcer(outbox),
        now=runtime.clock.now,
    )

    async def stop() -> None:
        outbox.close()
        threads.shutdown(wait=False, cancel_futures=True)
        await operations.close()
        await asyncio.to_thread(threads.shutdown)

    return operations, stop


def _announcer(outbox: Outbox) -> Announce:
    def announce(tenant: Tenant, job: TransformJob, tags: Mapping[str, str]) -> None:
        event = Event(
            source=SOURCE,
            detail_type=DETAIL_TYPE,
            resources=(job.arn,),
            detail=detail_of(job, tags),
        )
        outbox.send(tenant.account, tenant.region, event)

    return announce
