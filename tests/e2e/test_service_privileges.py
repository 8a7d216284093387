"""Least privilege of AI services: one right less, and it shows.

What all services share is proven here, with what Comprehend needs; other kinds prove their calls.
"""

import json
from collections.abc import Iterator

import pytest

from emulator.server import EmbeddedCloud
from tests.e2e.leaving import remove_stacks
from tests.e2e.roles import Prover, StoryFailedError, client
from tests.e2e.service_rights import DOOR, WORKER, ServiceRole
from tests.e2e.services import ServicesWorld, until

pytestmark = pytest.mark.accept

SOCIAL = """
  social:
    kind: comprehend
    requests_per_minute: 60000
    settings: { languages: [en] }
"""
GERMAN = "Das ist ein wunderschöner Tag in der Stadt und alle Leute sind fröhlich"


@pytest.fixture(scope="module")
def world(
    story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServicesWorld]:
    """One service."""
    folder = tmp_path_factory.mktemp("rights")
    made = ServicesWorld(cloud=story_cloud, folder=folder, project="rights", services=SOCIAL)
    made.deploy()
    yield made
    remove_stacks(story_cloud, "rights-")


def judge(_: ServicesWorld, role: ServiceRole) -> None:
    """Posts of two languages are judged, under a key that is known afterwards."""
    posts = [{"text": "I love it, really"}, {"text": GERMAN}]
    once = f"k{abs(hash(role.physical_id('Ledger')))}-{next(_KEYS)}"
    role.ask("sentiment", once=once, posts=posts)


_KEYS = iter(range(10_000_000))


def tell(_: ServicesWorld, role: ServiceRole) -> None:
    """Entities and personal data of a text."""
    role.ask("entities", text="Mr. Smith lives in London", language="en")
    role.ask("redact", text="call +1 415 555 2671", language="en")


def files(world: ServicesWorld, role: ServiceRole) -> None:
    """A link that a file can be sent by, and what became of one that was worked on."""
    link = role.ask("files", prefix="posts", name="a.jsonl")
    door = world.service("social").door
    sent = door.pool.request("PUT", link["put"], body=b'"I love it"\n')
    if sent.status != 200:
        raise StoryFailedError(f"the link is worth nothing: {sent.status}")
    worker = ServiceRole(world, "social", WORKER)
    worker.done(link["key"])
    found = role.ask("results", method="GET", key=link["key"])
    if found["result"]["posts"] != 1:
        raise StoryFailedError(str(found))


def work(_: ServicesWorld, role: ServiceRole) -> None:
    """A file of two languages is judged and stored."""
    lines = "".join(json.dumps({"text": text}) + "\n" for text in ("I love it", GERMAN))
    role.done(role.put("posts", "a.jsonl", lines.encode()))


def go_on(_: ServicesWorld, role: ServiceRole) -> None:
    """A long file asks for another look."""
    key = role.put("posts", "long.jsonl", b'{"text": "good", "language": "en"}\n' * 201)
    if role.work_on(key):
        raise StoryFailedError("the first portion was not judged")


def wait(world: ServicesWorld, role: ServiceRole) -> None:
    """A duplicate waits while the holder may still be at work: an hour, not twelve minutes."""
    key = role.put("posts", "twice.jsonl", b'{"text": "good", "language": "en"}\n' * 201)
    role.work_on(key)
    before = _failures(world, role)
    role.work_on(key, id_="another")
    if _failures(world, role) != before:
        raise StoryFailedError("the duplicate could not be put off")


def _failures(world: ServicesWorld, role: ServiceRole) -> int:
    """Lines of the worker's log that tell of a failure."""
    logs, group = client(world, "logs"), role.physical_id("DoAiWorkLog")
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
    lines = [event["message"] for page in pages for event in page["events"]]
    return sum('"failed"' in line for line in lines)


def take(world: ServicesWorld, role: ServiceRole) -> None:
    """The event source mapping takes a message under the role, and deletes it."""
    key = role.put("posts", "taken.jsonl", b'{"text": "good", "language": "en"}\n')
    described = {"key": key, "sequencer": "1", "size": 10}
    detail = {"bucket": {"name": role.bucket}, "object": described}
    event = {"source": "aws.s3", "detail-type": "Object Created", "detail": detail}
    with role.mapped():
        sqs = client(world, "sqs")
        sqs.send_message(QueueUrl=role.queue, MessageBody=json.dumps(event))
        try:
            until(lambda: role.results(key) or None, seconds=4, what="a result")
            until(lambda: _is_empty(world, role), seconds=2, what="an empty queue")
        except AssertionError as error:
            raise StoryFailedError(str(error)) from error
        finally:
            sqs.purge_queue(QueueUrl=role.queue)


def _is_empty(world: ServicesWorld, role: ServiceRole) -> bool | None:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    told = client(world, "sqs").get_queue_attributes(QueueUrl=role.queue, AttributeNames=names)
    return True if set(told["Attributes"].values()) == {"0"} else None


def test_each_right_of_the_door_is_needed(world: ServicesWorld, prover: Prover) -> None:
    """With its role intact every route answers; without any one right, one does not."""
    role = ServiceRole(world, "social", DOOR)
    with ServiceRole(world, "social", WORKER).by_hand():
        prover.prove(DOOR, role, {"judge": judge, "tell": tell, "files": files})


def test_each_right_of_the_worker_is_needed(world: ServicesWorld, prover: Prover) -> None:
    """With its role intact files are worked on; without any one right they are not."""
    role = ServiceRole(world, "social", WORKER)
    with role.by_hand():
        prover.prove(WORKER, role, {"work": work, "go_on": go_on, "wait": wait, "take": take})
