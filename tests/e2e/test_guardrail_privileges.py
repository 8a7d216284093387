"""Least privilege of guard, verification and watch, where all of their rights are needed."""

import json
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from emulator.server import EmbeddedCloud
from tests.e2e.leaving import remove_stacks
from tests.e2e.machines import reaches, role_of, succeeds
from tests.e2e.privileges import invoke
from tests.e2e.roles import DeployedRole, Prover, Role, Story, StoryFailedError, client
from tests.e2e.test_guardrail_stories import project
from tests.e2e.world import V1, World, wait_for
from tidegate.guardrail.settle import NEW_FLEET, VARIANT
from tidegate.pointer import Declaration
from tidegate.release import LogEntry, Phase, ReleaseRecord, SlotVersion

pytestmark = pytest.mark.accept


@pytest.fixture(scope="module")
def guarded(
    story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """A model that SageMaker releases, with v1 in service."""
    world = World(cloud=story_cloud, folder=tmp_path_factory.mktemp("guarded"), model="guarded")
    world.project_text = project("big-bang")
    world.deploy_plainly(V1)
    yield world
    remove_stacks(story_cloud, world.hosting_stack)


class _Answers(BaseHTTPRequestHandler):
    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Tests are quiet."""


@contextmanager
def response_url() -> Iterator[str]:
    """Where CloudFormation's custom resources answer to."""
    server = HTTPServer(("127.0.0.1", 0), _Answers)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/answer"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def stack_id(world: World) -> str:
    """The model's stack, whose last operation is over."""
    client = world.cloud.session().client("cloudformation")
    found = client.describe_stacks(StackName=world.hosting_stack)["Stacks"][0]
    return str(found["StackId"])


def declared(world: World) -> Declaration:
    """What the last deploy declared."""
    found = world.deployed.store.declaration(world.model)
    assert found is not None
    return found


def open_release(world: World, **changes: Any) -> str:
    """A release of the version that is live is open, whose record has these changes; its id."""
    store, declaration = world.deployed.store, declared(world)
    pointer, split = store.pointer(world.model), store.split(world.model)
    assert pointer is not None
    assert split is not None
    record = ReleaseRecord(
        release_id=f"role-{uuid.uuid4().hex[:10]}",
        model=world.model,
        endpoint_name=declaration.endpoint_name,
        endpoint_config_name=declaration.endpoint_config_name,
        live=SlotVersion(slot=VARIANT, version=pointer.version),
        candidate=SlotVersion(slot=NEW_FLEET, version=pointer.version),
        plan=replace(declaration.plan, echoes_version=True),
        phase=Phase.SHIFTING,
        started_by="a story",
        started_at=world.deployed.target.clock.now() - 600,
        split_version=split.version,
    )
    entry = LogEntry(
        at=record.started_at, who="a story", what="opened", why="", before={}, after={}
    )
    store.open(record, entry)
    store.save(replace(store.load(record.release_id), **changes))
    return record.release_id


def close(world: World) -> None:
    """No release is open: the watch, with its role as it is, closes what a story left."""
    store = world.deployed.store
    holder = store.lock_holder(world.model)
    if holder is not None:
        watch = Role(world=world, package="watch_release")
        invoke(world, watch, {"release_id": holder, "stack_id": stack_id(world)})


def watch_release(world: World, role: Role) -> None:
    """The new fleet is judged, and a release whose deploy is over is closed."""
    release_id = open_release(world, endpoint_config_name="the-one-before")
    answer = invoke(world, role, {"release_id": release_id, "stack_id": stack_id(world)})
    if answer["next"] != "report":
        raise StoryFailedError(str(answer))


def guard_release(world: World, role: Role) -> None:
    """What an earlier deploy left is closed, and a release of this one is opened and watched."""
    store, declaration, stale = world.deployed.store, declared(world), open_release(world)
    version = replace(declaration.slots[VARIANT], digest=uuid.uuid4().hex[:16])
    slots = {slot.value: version.to_json() for slot in declaration.slots}
    try:
        asked(world, role, slots=slots, config=declaration.endpoint_config_name)
        if not store.load(stale).phase.terminal:
            raise StoryFailedError(f"{stale} is still open")
        wait_for(lambda: store.lock_holder(world.model) is None, seconds=20, what="the watch's end")
    finally:
        close(world)
        store.put_declaration(declaration)


def verify_release(world: World, role: Role) -> None:
    """A configuration that does not serve is found, and the alarm is quieted."""
    slots = {slot.value: version.to_json() for slot, version in declared(world).slots.items()}
    try:
        asked(world, role, slots=slots, config="another-one")
    except StoryFailedError as error:
        if "still serves configuration" not in str(error):
            raise
        return
    raise StoryFailedError("another configuration was taken for the one that serves")


def verify_ends_and_tidies(world: World, role: Role) -> None:
    """A configuration that serves ends the release of its deploy, and leftovers go away."""
    store, declaration = world.deployed.store, declared(world)
    release_id, left = open_release(world), leftovers(world)
    slots = {slot.value: version.to_json() for slot, version in declaration.slots.items()}
    try:
        asked(world, role, slots=slots, config=declaration.endpoint_config_name)
        if not store.load(release_id).phase.terminal:
            raise StoryFailedError(f"{release_id} is still open")
        there = left.there()
        if there:
            raise StoryFailedError(f"still there: {there}")
    finally:
        close(world)
        left.remove()


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftovers:
    """A model and an endpoint configuration that no deploy needs."""

    world: World
    model: str
    config: str

    def there(self) -> list[str]:
        """What is there of them."""
        sagemaker = client(self.world, "sagemaker")
        models = sagemaker.list_models(NameContains=self.model)["Models"]
        configs = sagemaker.list_endpoint_configs(NameContains=self.config)["EndpointConfigs"]
        return [m["ModelName"] for m in models] + [c["EndpointConfigName"] for c in configs]

    def remove(self) -> None:
        """Neither is there."""
        sagemaker, found = client(self.world, "sagemaker"), self.there()
        if self.config in found:
            sagemaker.delete_endpoint_config(EndpointConfigName=self.config)
        if self.model in found:
            sagemaker.delete_model(ModelName=self.model)


def leftovers(world: World) -> Leftovers:
    """A model and a configuration are there, named and tagged as those of an earlier deploy."""
    sagemaker, serving = client(world, "sagemaker"), declared(world).endpoint_config_name
    current = sagemaker.describe_endpoint_config(EndpointConfigName=serving)
    tags = sagemaker.list_tags(ResourceArn=current["EndpointConfigArn"])["Tags"]
    owner = [tag for tag in tags if tag["Key"] == "tidegate:model"]
    variants = current["ProductionVariants"]
    model = sagemaker.describe_model(ModelName=variants[0]["ModelName"])
    mark = uuid.uuid4().hex[:8].upper()
    made = Leftovers(
        world=world,
        model=f"{model['ModelName'].rpartition('-')[0]}-{mark}",
        config=f"{serving.rpartition('-')[0]}-{mark}",
    )
    sagemaker.create_model(
        ModelName=made.model,
        PrimaryContainer=model["PrimaryContainer"],
        ExecutionRoleArn=model["ExecutionRoleArn"],
        Tags=owner,
    )
    sagemaker.create_endpoint_config(
        EndpointConfigName=made.config, ProductionVariants=variants, Tags=owner
    )
    return made


def verify_forgets(world: World, role: Role) -> None:
    """A model that is removed is not known any more."""
    custom_resource(world, role, "Delete", {"Model": "nobody-knows-it"})


def asked(world: World, role: Role, *, slots: Mapping[str, Any], config: str) -> None:
    """CloudFormation updates the custom resource; StoryFailedError with its reason if it fails."""
    declaration = declared(world)
    properties = {
        "Model": world.model,
        "EndpointName": declaration.endpoint_name,
        "EndpointConfigName": config,
        "Slots": slots,
        "Plan": json.dumps(declaration.plan.to_json()),
    }
    custom_resource(world, role, "Update", properties)


def custom_resource(world: World, role: Role, request: str, properties: Mapping[str, Any]) -> None:
    """CloudFormation asks the custom resource; StoryFailedError with its reason if it fails."""
    with response_url() as url:
        event = {
            "RequestType": request,
            "ResponseURL": url,
            "StackId": stack_id(world),
            "RequestId": uuid.uuid4().hex,
            "LogicalResourceId": "Gate",
            "PhysicalResourceId": properties["Model"],
            "ResourceProperties": properties,
        }
        answer = invoke(world, role, event)
    if answer["Status"] != "SUCCESS":
        raise StoryFailedError(str(answer["Reason"]))


STORIES: Mapping[str, tuple[Story, ...]] = {
    "watch_release": (watch_release,),
    "guard_release": (guard_release,),
    "verify_release": (verify_release, verify_ends_and_tidies, verify_forgets),
}
"""The stories of each function."""


@pytest.mark.parametrize("package", STORIES)
def test_each_right_is_needed(guarded: World, prover: Prover, package: str) -> None:
    """With its role intact a function's stories go well; without any one right, one fails."""
    prover.prove(
        package,
        Role(world=guarded, package=package),
        {story.__name__: story for story in STORIES[package]},
        after=lambda: close(guarded),
    )


def watch_ends(world: World, _role: DeployedRole) -> None:
    """A release whose deploy is over is closed by the watch and reported."""
    release_id = open_release(world, endpoint_config_name="the-one-before")
    succeeds(world, "WatchMachine", {"release_id": release_id, "stack_id": stack_id(world)})


def test_a_watch_may_call_its_functions_and_nothing_else(guarded: World, prover: Prover) -> None:
    """Watch, report and halt, each only by its own right."""
    told = {"release_id": "role-of-a-machine", "stack_id": stack_id(guarded)}
    stories = {"watch_ends": watch_ends, "watch_halt": reaches("WatchMachine", "Halt", told)}
    role = role_of(guarded, "WatchMachine")
    prover.prove("watch_machine", role, stories, after=lambda: close(guarded))
