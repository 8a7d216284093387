"""Puts SageMaker into the running cloud: control plane, data plane, metrics, resource types."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from emulator.cloudformation import recorded
from emulator.cloudformation.registry import RESOURCE_TYPES
from emulator.cloudformation.schemas import bundled_catalogue
from emulator.cloudwatch.plugin import installed as cloudwatch_of
from emulator.cloudwatch.service import CloudWatch
from emulator.cloudwatch.store import MetricKey, dimensions_of
from emulator.periodic import keep_doing
from emulator.runtime import Hook, Runtime
from emulator.sagemaker.api import ControlPlane
from emulator.sagemaker.artifacts import S3Artifacts, s3_client_of
from emulator.sagemaker.asynchronous.greeting import Greeting
from emulator.sagemaker.asynchronous.metrics import AsyncMetrics
from emulator.sagemaker.asynchronous.processing import Processor
from emulator.sagemaker.asynchronous.queue import Queues
from emulator.sagemaker.asynchronous.stores import FrontDoorStores
from emulator.sagemaker.autoscaling.plugin import install_autoscaling
from emulator.sagemaker.builder import Builder
from emulator.sagemaker.endpoint_configs import EndpointConfigOperations
from emulator.sagemaker.endpoints import EndpointOperations
from emulator.sagemaker.jobs.plugin import Outside, job_operations
from emulator.sagemaker.jobs.spot import spot_service
from emulator.sagemaker.metrics import NAMESPACE, EndpointMetrics, Publish, Samples
from emulator.sagemaker.models import ModelOperations
from emulator.sagemaker.names import Tenant
from emulator.sagemaker.notebooks.plugin import notebooks_of
from emulator.sagemaker.notebooks.resources import register_notebooks
from emulator.sagemaker.pipelines.plugin import pipeline_operations
from emulator.sagemaker.pipelines.resources import register_model_pipelines
from emulator.sagemaker.ports import EndpointView
from emulator.sagemaker.registry.listings import listing_service
from emulator.sagemaker.registry.operations import Registry
from emulator.sagemaker.registry.resources import register_registry
from emulator.sagemaker.resources import register_resources
from emulator.sagemaker.scaling import scaled_variants
from emulator.sagemaker.service import control_plane_service
from emulator.sagemaker.serving.capture import DataCapture
from emulator.sagemaker.serving.fleet import FleetSettings, ModelFleets
from emulator.sagemaker.serving.interface import CaptureObject, CaptureStore, LogLines, LogSink
from emulator.sagemaker.serving.invoke import Invoker
from emulator.sagemaker.serving.on_demand import EndpointFleets
from emulator.sagemaker.serving.runtime_api import runtime_service
from emulator.sagemaker.store import Store
from emulator.sagemaker.tags import TagOperations
from emulator.sagemaker.transform.plugin import transform_operations
from emulator.sagemaker.transitions import Transitions
from emulator.seams import logs, tenancy
from emulator.seams.events import Outbox
from emulator.seams.services import register_service
from emulator.seams.trust import trusts_service

FLUSH_CLOUD_SECONDS = 10.0
"""How often counted invocations become CloudWatch datapoints, on the cloud's clock."""
FLUSH_BOUNDS_SECONDS = (0.2, 1.0)
"""The same on the wall's clock: not so often that it costs, not so rarely that alarms are late."""

SCALABLE_TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"
SERVICE_PRINCIPAL = "sagemaker.amazonaws.com"


class StoredViews:
    """The data plane's look-up."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def find(self, tenant: Tenant, name: str) -> EndpointView | None:
        """The endpoint's view of the moment, or None if there is no such endpoint."""
        return self._store.view(tenant, name)


def install_sagemaker(runtime: Runtime) -> None:
    """Both planes answer, and templates may contain models and endpoints."""
    store, fleets = Store(), ModelFleets(_fleet_settings(runtime))
    plane, ends = _control_plane(runtime, store, fleets)
    register_service(control_plane_service(plane))
    register_service(spot_service(plane.jobs.training))
    register_service(listing_service(store.listings, runtime.clock.now))
    for register in (
        register_resources,
        register_registry,
        register_model_pipelines,
        register_notebooks,
    ):
        register(RESOURCE_TYPES, bundled_catalogue(), plane, _runner(runtime))
    ends += _data_plane(runtime, store, plane)
    install_autoscaling(runtime, plane, store)

    async def stop() -> None:
        for end in (*ends, fleets.close):
            await end()

    runtime.on_stop(stop)


def _control_plane(
    runtime: Runtime, store: Store, fleets: ModelFleets
) -> tuple[ControlPlane, tuple[Hook, ...]]:
    """The operations, and what ends their work, in this order."""
    artifacts, now = _artifacts(runtime), runtime.clock.now
    transforms, end_transforms = transform_operations(
        runtime, store=store, fleets=fleets, artifacts=artifacts, log_sink=_log_sink(runtime)
    )
    outside = Outside(
        store=store,
        cloudwatch=cloudwatch_of(runtime),
        log_sink=_log_sink(runtime),
        trusts=_trusts_sagemaker,
    )
    jobs, end_jobs = job_operations(runtime, outside)
    pipelines, end_pipelines = pipeline_operations(
        runtime,
        store=store,
        ended={
            "TrainingJob": jobs.training.ended,
            "ProcessingJob": jobs.processing.ended,
            "TransformJob": transforms.ended,
            "HyperParameterTuningJob": jobs.tuning.ended,
        },
        trusts=_trusts_sagemaker,
    )
    builder = Builder(fleets=EndpointFleets(fleets=fleets), artifacts=artifacts, now=now)
    notebooks = notebooks_of(runtime, store=store, trusts=_trusts_sagemaker)
    plane = ControlPlane(
        models=ModelOperations(store=store, artifacts=artifacts, trusts=_trusts_sagemaker, now=now),
        configs=EndpointConfigOperations(store=store, now=now),
        endpoints=_endpoints(runtime, store, builder),
        transforms=transforms,
        jobs=jobs,
        pipelines=pipelines,
        tags=TagOperations(store=store),
        registry=_registry(runtime, store),
        notebooks=notebooks,
    )
    return plane, (end_transforms, notebooks.instances.close, end_pipelines, end_jobs)


def _data_plane(runtime: Runtime, store: Store, plane: ControlPlane) -> tuple[Hook, ...]:
    """Requests are answered and counted; returns what ends that, in this order."""
    cloudwatch = cloudwatch_of(runtime)
    metrics = EndpointMetrics(_publisher(cloudwatch))
    capture = DataCapture(store=_capture_store(runtime), now=runtime.clock.now)
    invoker = Invoker(views=StoredViews(store), metrics=metrics, capture=capture)
    queues = _queues(runtime, store, cloudwatch)
    register_service(runtime_service(invoker, queues))
    _keep_flushing(runtime, metrics, cloudwatch, queues)
    return (queues.close, plane.endpoints.close, invoker.copies.close, capture.close)


def _artifacts(runtime: Runtime) -> S3Artifacts:
    return S3Artifacts(
        runtime.state_directory / "sagemaker" / "artifacts",
        client_of=s3_client_of(
            lambda role: runtime.session_for_role(role, "SageMaker"), runtime.endpoint_url
        ),
        trusts=_trusts_sagemaker,
    )


def _endpoints(runtime: Runtime, store: Store, builder: Builder) -> EndpointOperations:
    now, cloudwatch = runtime.clock.now, cloudwatch_of(runtime)
    transitions = Transitions(
        store=store,
        builder=builder,
        pause=runtime.keeper.pause,
        now=now,
        firing_alarms=lambda t, names: cloudwatch.firing(t.account, t.region, names),
        greet=Greeting(stores=_stores(runtime)).send,
    )
    return EndpointOperations(
        store=store,
        transitions=transitions,
        now=now,
        known_alarms=lambda t: cloudwatch.known_alarms(t.account, t.region),
        scaled_variants=_scaled_variants(runtime),
    )


def _registry(runtime: Runtime, store: Store) -> Registry:
    outbox = Outbox("registry-events")

    async def stop() -> None:
        outbox.close()

    runtime.on_stop(stop)
    return Registry(
        store=store,
        now=runtime.clock.now,
        announce=lambda tenant, event: outbox.send(tenant.account, tenant.region, event),
    )


def _scaled_variants(runtime: Runtime) -> Callable[[Tenant, str], frozenset[str]]:
    """Variants that templates declare as scalable targets."""

    def scaled(tenant: Tenant, endpoint: str) -> frozenset[str]:
        targets = [
            resource.properties
            for resource in recorded(runtime)
            if resource.type_name == SCALABLE_TARGET
            and (resource.account, resource.region) == (tenant.account, tenant.region)
        ]
        return scaled_variants(targets, endpoint)

    return scaled


def _trusts_sagemaker(role_arn: str) -> bool:
    with tenancy.acting_for(role_arn.split(":")[4], "us-east-1"):
        return trusts_service(role_arn, SERVICE_PRINCIPAL)


def _fleet_settings(runtime: Runtime) -> FleetSettings:
    return FleetSettings(
        directory=runtime.state_directory / "sagemaker" / "instances",
        log_sink=_log_sink(runtime),
        now=runtime.clock.now,
        wall_seconds=runtime.clock.wall_seconds,
    )


def _log_sink(runtime: Runtime) -> LogSink:
    def write(lines: LogLines) -> None:
        own = Tenant(runtime.settings.account, runtime.settings.region)
        tenant = own if lines.tenant is None else lines.tenant
        with tenancy.acting_for(tenant.account, tenant.region):
            logs.write(lines.group, lines.stream, [message for _, message in lines.events])

    return write


def _capture_store(runtime: Runtime) -> CaptureStore:
    client_of = s3_client_of(
        lambda role: runtime.session_for_role(role, "SageMaker"), runtime.endpoint_url
    )

    def put(captured: CaptureObject, role_arn: str) -> None:
        extra = {}
        if captured.kms_key_id:
            extra = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": captured.kms_key_id}
        client_of(role_arn, captured.region).put_object(
            Bucket=captured.bucket, Key=captured.key, Body=captured.body, **extra
        )

    async def store(captured: CaptureObject) -> None:
        if captured.role_arn is None:
            raise ValueError("data capture needs the model's execution role, got none")
        await asyncio.to_thread(put, captured, captured.role_arn)

    return store


def _publisher(cloudwatch: CloudWatch) -> Publish:
    def publish(samples: Samples) -> None:
        key = MetricKey(
            account=samples.tenant.account,
            region=samples.tenant.region,
            namespace=NAMESPACE,
            name=samples.metric,
            dimensions=dimensions_of(samples.dimensions),
        )
        cloudwatch.add(key, samples.counted, unit=samples.unit)

    return publish


def _runner(runtime: Runtime) -> Any:
    def run(work: Coroutine[Any, Any, Any]) -> Any:
        if runtime.loop is None:
            work.close()
            raise RuntimeError("the embedded cloud has not started yet")
        return asyncio.run_coroutine_threadsafe(work, runtime.loop).result()

    return run


def _stores(runtime: Runtime) -> FrontDoorStores:
    return FrontDoorStores(
        lambda role: runtime.session_for_role(role, "SageMaker"), runtime.endpoint_url
    )


def _queues(runtime: Runtime, store: Store, cloudwatch: CloudWatch) -> Queues:
    processor = Processor(
        stores=_stores(runtime),
        metrics=AsyncMetrics(publish=_publisher(cloudwatch)),
        now=runtime.clock.now,
    )
    return Queues(
        views=StoredViews(store),
        endpoints=store.views,
        processor=processor,
        now=runtime.clock.now,
    )


def _keep_flushing(
    runtime: Runtime, metrics: EndpointMetrics, cloudwatch: CloudWatch, queues: Queues
) -> None:
    async def flush() -> None:
        told = list(queues.gauges())
        for tenant, endpoint, gauges in told:
            queues.processor.metrics.of_queue(tenant, endpoint, gauges)
        if metrics.flush() > 0 or told:
            cloudwatch.evaluate_all()

    keep_doing(
        runtime,
        flush,
        every_cloud_seconds=FLUSH_CLOUD_SECONDS,
        pause_bounds=FLUSH_BOUNDS_SECONDS,
    )
