"""Puts auto-scaling groups into the running cloud: API, resource type, engine, instances."""

from emulator.cloudformation.registry import RESOURCE_TYPES
from emulator.cloudformation.schemas import bundled_catalogue
from emulator.ec2.api import ControlPlane, service_of
from emulator.ec2.engine import PRINCIPAL, Engine
from emulator.ec2.machines import Machines
from emulator.ec2.operations import GroupOperations
from emulator.ec2.resources import register_groups
from emulator.ec2.state import Store
from emulator.loadbalancing.plugin import installed as balancing_of
from emulator.periodic import keep_doing
from emulator.runtime import Runtime
from emulator.sagemaker.artifacts import S3Artifacts, s3_client_of
from emulator.sagemaker.names import Tenant
from emulator.sagemaker.serving.fleet import FleetSettings, ModelFleets
from emulator.sagemaker.serving.interface import LogLines, LogSink
from emulator.seams import instances as seam
from emulator.seams import logs, tenancy
from emulator.seams.services import register_service
from emulator.seams.trust import trusts_service

TICK_CLOUD_SECONDS = 1.0
TICK_BOUNDS_SECONDS = (0.05, 1.0)
"""The engine's shortest and longest pause, on the wall's clock."""


def install_groups(runtime: Runtime) -> None:
    """Both planes answer, and templates may contain groups."""
    balancing = balancing_of(runtime)
    store, now = Store(), runtime.clock.now
    machines = _machines(runtime)
    balancing.instances.source = machines
    balancing.instances.runs = machines.runs
    engine = Engine(store=store, targets=balancing, machines=machines, now=now)
    groups = GroupOperations(store=store, knows_target_group=balancing.knows, now=now)
    plane = ControlPlane(groups=groups)
    register_service(service_of(plane))
    register_groups(RESOURCE_TYPES, bundled_catalogue(), plane, runtime.run_on_loop)

    async def know_images() -> None:
        seam.know_public_images()

    async def tick() -> None:
        engine.tick()

    runtime.on_start(know_images)
    runtime.on_stop(machines.close)
    keep_doing(
        runtime, tick, every_cloud_seconds=TICK_CLOUD_SECONDS, pause_bounds=TICK_BOUNDS_SECONDS
    )


def _machines(runtime: Runtime) -> Machines:
    directory = runtime.state_directory / "ec2"
    return Machines(
        fleets=ModelFleets(
            FleetSettings(
                directory=directory / "instances",
                log_sink=_log_sink(runtime),
                now=runtime.clock.now,
                wall_seconds=runtime.clock.wall_seconds,
            )
        ),
        artifacts=S3Artifacts(
            directory / "artifacts",
            client_of=s3_client_of(
                lambda role: runtime.session_for_role(role, "EC2"), runtime.endpoint_url
            ),
            trusts=_trusts_ec2,
        ),
        wall_seconds=runtime.clock.wall_seconds,
        working=runtime.keeper.working,
    )


def _trusts_ec2(role_arn: str) -> bool:
    with tenancy.acting_for(role_arn.split(":")[4], "us-east-1"):
        return trusts_service(role_arn, PRINCIPAL)


def _log_sink(runtime: Runtime) -> LogSink:
    def write(lines: LogLines) -> None:
        own = Tenant(runtime.settings.account, runtime.settings.region)
        tenant = own if lines.tenant is None else lines.tenant
        with tenancy.acting_for(tenant.account, tenant.region):
            logs.write(lines.group, lines.stream, [message for _, message in lines.events])

    return write
