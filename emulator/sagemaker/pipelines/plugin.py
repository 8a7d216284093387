"""Builds SageMaker Pipelines for one running cloud, and ends their executions with the cloud."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.exceptions import ClientError

from emulator.runtime import Hook, Runtime
from emulator.sagemaker import errors
from emulator.sagemaker.artifacts import s3_client_of
from emulator.sagemaker.pipelines.engine import Engine
from emulator.sagemaker.pipelines.operations import PipelineOperations
from emulator.sagemaker.pipelines.steps import Ended, Steps
from emulator.sagemaker.pipelines.triggers import SESSION_NAME, Triggers
from emulator.sagemaker.store import Store
from emulator.seams import events
from emulator.seams.eventbridge import principal_of
from emulator.seams.events import Outbox
from emulator.seams.trust import trusts_service

THREADS = 8
"""Calls of steps at one time, of all executions; waiting for a job needs none."""


def pipeline_operations(
    runtime: Runtime, *, store: Store, ended: Mapping[str, Ended], trusts: Callable[[str], bool]
) -> tuple[PipelineOperations, Hook]:
    """The operations, and what ends every execution when the cloud ends."""
    threads = ThreadPoolExecutor(THREADS, thread_name_prefix="pipelines")
    outbox = Outbox("pipeline-events")

    def session_of(role_arn: str) -> Any:
        return runtime.session_for_role(role_arn, "SageMaker")

    engine = Engine(
        store=store,
        steps=Steps(session_of=session_of, ended=ended, threads=threads),
        tell=lambda tenant, event: outbox.send(tenant.account, tenant.region, event),
        now=runtime.clock.now,
    )
    operations = PipelineOperations(
        store=store,
        engine=engine,
        trusts=trusts,
        read_object=_reader(session_of, runtime.endpoint_url),
        now=runtime.clock.now,
    )

    triggers = Triggers(
        session_of=lambda role: runtime.session_for_role(role, SESSION_NAME),
        trusts=trusts_service,
        principal_of=principal_of,
        pool=threads,
    )
    events.add_target("sagemaker", triggers.delivered)
    events.attach()

    async def stop() -> None:
        outbox.close()
        await engine.close()
        await asyncio.to_thread(threads.shutdown)

    return operations, stop


def _reader(
    session_of: Callable[[str], Any], endpoint_url: str
) -> Callable[[str, str, Mapping[str, Any]], str]:
    client_of = s3_client_of(session_of, endpoint_url)

    def read(role_arn: str, region: str, location: Mapping[str, Any]) -> str:
        place = {"Bucket": location["Bucket"], "Key": location["ObjectKey"]}
        if "VersionId" in location:
            place["VersionId"] = location["VersionId"]
        try:
            body: bytes = client_of(role_arn, region).get_object(**place)["Body"].read()
        except ClientError as error:
            raise errors.validation(
                f"Could not read the pipeline definition at s3://{place['Bucket']}/{place['Key']} "
                f"as {role_arn}: {error}"
            ) from error
        return body.decode("utf-8")

    return read
