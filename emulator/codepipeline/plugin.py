"""Puts CodePipeline into the running cloud: API, resource type, engine, triggers."""

from concurrent.futures import ThreadPoolExecutor

from emulator.cloudformation.registry import RESOURCE_TYPES
from emulator.cloudformation.schemas import bundled_catalogue
from emulator.codebuild.plugin import installed as builds_of
from emulator.codeconnections.plugin import installed as connections_of
from emulator.codepipeline.announcements import Announcer
from emulator.codepipeline.api import CodePipeline
from emulator.codepipeline.context import Services
from emulator.codepipeline.engine import Engine
from emulator.codepipeline.executions import ExecutionOperations
from emulator.codepipeline.jobs import JobBoard
from emulator.codepipeline.pipelines import PipelineOperations
from emulator.codepipeline.resources import register_pipelines
from emulator.codepipeline.sessions import Sessions
from emulator.codepipeline.store import Store
from emulator.codepipeline.triggers import Triggers
from emulator.codepipeline.workers import Workers
from emulator.runtime import Runtime
from emulator.seams import events, objects, tenancy
from emulator.seams.services import register_service
from emulator.seams.trust import trusts_service

SERVICE_PRINCIPAL = "codepipeline.amazonaws.com"


def install_codepipeline(runtime: Runtime) -> None:
    """CodePipeline's API answers, and templates may contain pipelines."""
    store, jobs, now = Store(), JobBoard(), runtime.clock.now
    # One thread each: what they do keeps its order, and nobody waits for it under a lock.
    outbox = events.Outbox("pipeline-events")
    triggering = ThreadPoolExecutor(1, thread_name_prefix="pipeline-triggers")
    services = Services(
        sessions=Sessions(runtime, trusts_codepipeline),
        clock=runtime.clock,
        endpoint_url=runtime.endpoint_url,
        builds=builds_of(runtime),
        jobs=jobs,
        connections=connections_of(runtime),
    )
    announcer = Announcer(lambda t, event: outbox.send(t.account, t.region, event))
    directory = runtime.state_directory / "codepipeline"
    workers = Workers(services=services, announcer=announcer, directory=directory, now=now)
    engine = Engine(store=store, workers=workers, announcer=announcer, now=now)
    triggers = Triggers(store=store, engine=engine, runtime=runtime, trusts=trusts, pool=triggering)
    codepipeline = CodePipeline(
        pipelines=PipelineOperations(
            store=store,
            engine=engine,
            trusts=trusts_codepipeline,
            listen=lambda: _listen(triggers),
            now=now,
        ),
        executions=ExecutionOperations(store=store, engine=engine, jobs=jobs, now=now),
    )
    register_service(codepipeline.service())
    register_pipelines(RESOURCE_TYPES, bundled_catalogue(), codepipeline, runtime)
    events.add_target("codepipeline", triggers.delivered)

    async def stop() -> None:
        engine.close()
        outbox.close()
        triggering.shutdown(wait=False, cancel_futures=True)

    runtime.on_stop(stop)


def trusts_codepipeline(role_arn: str) -> bool:
    """Whether CodePipeline may assume the role."""
    return trusts(role_arn, SERVICE_PRINCIPAL)


def trusts(role_arn: str, principal: str) -> bool:
    """Whether the service of that principal may assume the role."""
    if role_arn.count(":") < 5:
        return False
    with tenancy.acting_for(role_arn.split(":")[4], "us-east-1"):
        return trusts_service(role_arn, principal)


def _listen(triggers: Triggers) -> None:
    """Told again, neither is told twice; S3 and EventBridge are loaded by the first pipeline."""
    objects.on_created(triggers.object_created)
    events.attach()
