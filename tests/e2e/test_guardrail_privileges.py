"""Least privilege of the functions that only deploys by guardrail need: one action less shows.

Actions of `guard_release` and `verify_release` that every deploy needs are proven by every deploy.
"""

import json
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from emulator.server import EmbeddedCloud
from tests.e2e.privileges import REQUIRED_NOT_EXERCISED, Grant, Role, StoryFailedError, invoke
from tests.e2e.test_guardrail_stories import project
from tests.e2e.world import V1, World, wait_for
from tidegate.guardrail.settle import NEW_FLEET, VARIANT
from tidegate.pointer import Declaration
from tidegate.release import LogEntry, Phase, ReleaseRecord, SlotVersion

pytestmark = pytest.mark.accept


@pytest.fixture(scope="module")
def guarded(story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A model that SageMaker releases, with v1 in service."""
    world = World(cloud=story_cloud, folder=tmp_path_factory.mktemp("guarded"), model="guarded")
    world.project_text = project("big-bang")
    world.deploy_plainly(V1)
    return world


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


def asked(world: World, role: Role, *, slots: Mapping[str, Any], config: str) -> None:
    """CloudFormation asks the custom resource; StoryFailedError with its reason if it fails."""
    declaration = declared(world)
    with response_url() as url:
        event = {
            "RequestType": "Update",
            "ResponseURL": url,
            "StackId": stack_id(world),
            "RequestId": uuid.uuid4().hex,
            "LogicalResourceId": "Gate",
            "PhysicalResourceId": world.model,
            "ResourceProperties": {
                "Model": world.model,
                "EndpointName": declaration.endpoint_name,
                "EndpointConfigName": config,
                "Slots": slots,
                "Plan": json.dumps(declaration.plan.to_json()),
            },
        }
        answer = invoke(world, role, event)
    if answer["Status"] != "SUCCESS":
        raise StoryFailedError(str(answer["Reason"]))


Story = Callable[[World, Role], None]
STORIES: Mapping[str, tuple[Story, frozenset[str]]] = {
    "watch_release": (watch_release, frozenset()),
    "guard_release": (guard_release, frozenset()),
    "verify_release": (
        verify_release,
        frozenset({"cloudwatch:PutMetricData", "cloudwatch:DescribeAlarms"}),
    ),
}
"""The story of each function, and the actions that it is about if not all of its role's."""


@pytest.mark.parametrize("package", STORIES)
def test_each_action_is_needed(guarded: World, package: str) -> None:
    """With its role intact a function's story goes well; without any one action, it fails."""
    story, about = STORIES[package]
    role = Role(world=guarded, package=package)
    role.start_cold()
    story(guarded, role)

    unneeded: list[Grant] = []
    for grant in role.grants():
        if about and grant.action not in about:
            continue
        with role.without(grant):
            if _goes_well(guarded, role, story):
                unneeded.append(grant)
        close(guarded)

    allowed = set() if about else set(REQUIRED_NOT_EXERCISED)
    assert {grant.action for grant in unneeded} == allowed, unneeded


def _goes_well(world: World, role: Role, story: Story) -> bool:
    try:
        story(world, role)
    except StoryFailedError:
        return False
    return True
