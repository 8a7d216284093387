"""Least privilege of a service that digitises forms: what it calls, and who tells that jobs end."""

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cli.privileges.rights import Right
from emulator.server import EmbeddedCloud
from tests.e2e.leaving import remove_stacks
from tests.e2e.roles import DeployedRole, Prover, StoryFailedError, client
from tests.e2e.service_rights import DOOR, WORKER, ServiceRole
from tests.e2e.services import ServicesWorld, until
from tests.sample_forms import FORMS
from tidegate.ai.messages import work_id

pytestmark = pytest.mark.accept

SERVICE = """
  forms:
    kind: textract
    requests_per_minute: 60000
    settings:
      fields:
        name: { required: true }
        amount: { labels: [Amount claimed], type: number, required: true }
"""
CLAIM, DOUBTFUL = FORMS["claim.pdf"], FORMS["doubtful-claim.pdf"]
OWN = frozenset({"Reviews", "JobTopic", "JobTopicRole"})
DECISION = {"name": "Bob Day", "amount": "400"}


def about(right: Right) -> bool:
    """What only this kind has."""
    return right.action.startswith("textract:") or right.resource in OWN


@pytest.fixture(scope="module")
def world(
    story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServicesWorld]:
    """One service."""
    folder = tmp_path_factory.mktemp("form-rights")
    made = ServicesWorld(cloud=story_cloud, folder=folder, project="formrights", services=SERVICE)
    made.deploy()
    yield made
    remove_stacks(story_cloud, "formrights-")


def begun(role: ServiceRole, content: bytes) -> str:
    """A form's job runs; the form's key."""
    key = role.put("forms", "claim.pdf", content)
    if role.work_on(key):
        raise StoryFailedError("the job was not started")
    return key


def hinted(role: ServiceRole, key: str, over: Callable[[], Any]) -> None:
    """The worker was told of the job's end until it was seen to be over."""
    hint = {"JobTag": work_id(key, "1")}

    def look() -> bool | None:
        role.deliver(hint)
        return over() or None

    try:
        until(look, seconds=10, what=f"the end of {key}")
    except AssertionError as error:
        raise StoryFailedError(str(error)) from error


def read(_: ServicesWorld, role: ServiceRole) -> None:
    """A form becomes a record."""
    key = begun(role, CLAIM)
    hinted(role, key, lambda: role.results(key))


def doubt(world: ServicesWorld, role: ServiceRole) -> None:
    """A doubtful form is in the review queue."""
    doubtful(world, role)


def doubtful(world: ServicesWorld, role: ServiceRole) -> str:
    """The work of a form that a person must look at."""
    key, queue = begun(role, DOUBTFUL), role.physical_id("Reviews")
    names = ["ApproximateNumberOfMessages"]

    def waiting() -> bool:
        told = client(world, "sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=names)
        return int(told["Attributes"][names[0]]) > 0

    client(world, "sqs").purge_queue(QueueUrl=queue)
    hinted(role, key, waiting)
    return work_id(key, "1")


def await_news(world: ServicesWorld, worker: ServiceRole, work: str) -> None:
    """News of that work came into the work queue, by the topic, and was taken out of it."""
    sqs = client(world, "sqs")

    def look() -> bool | None:
        answer = sqs.receive_message(QueueUrl=worker.queue)
        bodies = [json.loads(message["Body"]) for message in answer.get("Messages", [])]
        return any(body.get("JobTag") == work for body in bodies) or None

    try:
        until(look, seconds=10, what=f"news of {work}")
    except AssertionError as error:
        raise StoryFailedError(str(error)) from error
    finally:
        sqs.purge_queue(QueueUrl=worker.queue)


def test_each_right_of_the_worker_is_needed(world: ServicesWorld, prover: Prover) -> None:
    """With its role intact forms are read and asked about; without any one right they are not."""
    role = ServiceRole(world, "forms", WORKER)
    with role.by_hand():
        prover.prove("do_ai_work_forms", role, {"read": read, "doubt": doubt}, about=about)


def page(_: ServicesWorld, role: ServiceRole) -> None:
    """A page is read at once."""
    role.ask("read", document=base64.b64encode(DOUBTFUL).decode())


def review(world: ServicesWorld, role: ServiceRole) -> None:
    """A form is given to a person and decided; its message is dropped on the way to the next."""
    worker, sqs = ServiceRole(world, "forms", WORKER), client(world, "sqs")
    queue, first = role.physical_id("Reviews"), doubtful(world, worker)
    if role.ask("next-review")["review"] != first:
        raise StoryFailedError("another form was given")
    role.ask("review", review=first, values=DECISION)
    await_news(world, worker, first)
    second = doubtful(world, worker)
    (message,) = sqs.receive_message(QueueUrl=queue)["Messages"]
    sqs.purge_queue(QueueUrl=queue)
    for work in (first, second):
        body = json.dumps({**json.loads(message["Body"]), "review": work})
        sqs.send_message(QueueUrl=queue, MessageBody=body)
    if role.ask("next-review")["review"] != second:
        raise StoryFailedError("the decided form was given again")


def test_each_right_of_the_door_is_needed(world: ServicesWorld, prover: Prover) -> None:
    """With its role intact every route answers; without any one right, one does not."""
    role = ServiceRole(world, "forms", DOOR)
    with ServiceRole(world, "forms", WORKER).by_hand():
        stories = {"page": page, "review": review}
        prover.prove("answer_ai_request_forms", role, stories, about=about)


def told(world: ServicesWorld, _role: DeployedRole) -> None:
    """The topic hears of a job's end, and the queue of the topic."""
    worker = ServiceRole(world, "forms", WORKER)
    await_news(world, worker, work_id(begun(worker, CLAIM), "1"))


def test_textract_may_tell_the_topic(world: ServicesWorld, prover: Prover) -> None:
    """Under a role that may do nothing else."""
    role = DeployedRole(
        world=world,  # type: ignore[arg-type]
        role_id="JobTopicRole",
        stack="formrights-test-ai-forms",
    )
    with ServiceRole(world, "forms", WORKER).by_hand():
        prover.prove("job_topic", role, {"told": told})
