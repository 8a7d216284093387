"""Least privilege of services that speak, write down and translate: the calls that they make."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.privileges.rights import Right
from emulator.server import EmbeddedCloud
from tests.e2e.leaving import remove_stacks
from tests.e2e.roles import Prover, StoryFailedError, client
from tests.e2e.service_rights import DOOR, WORKER, ServiceRole
from tests.e2e.services import ServicesWorld, until
from tidegate.ai.messages import check_message, work_id
from tidegate_aws.ai.ledger import DynamoServiceLedger

pytestmark = pytest.mark.accept

SERVICES = """
  voice:
    kind: polly
    requests_per_minute: 60000
    settings: {}
  talks:
    kind: transcribe
    requests_per_minute: 60000
    settings: {}
"""
SAMPLES = Path(__file__).parents[2] / "examples" / "ai" / "samples"
NAMES = {"talks": "talk.ogg", "texts": "news.txt"}
SOUND = (SAMPLES / "talk.ogg").read_bytes()


def of(service: str) -> Callable[[Right], bool]:
    """What only that kind has."""
    return lambda right: right.action.startswith(f"{service}:")


@pytest.fixture(scope="module")
def world(
    story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServicesWorld]:
    """Both, deployed; what is said in the sample is known."""
    told = json.loads((SAMPLES / "talk.transcript.json").read_text())
    story_cloud.record_answer("transcribe", SOUND, told)
    folder = tmp_path_factory.mktemp("speech-rights")
    made = ServicesWorld(
        cloud=story_cloud, folder=folder, project="speechrights", services=SERVICES
    )
    made.deploy()
    yield made
    remove_stacks(story_cloud, "speechrights-")


def worked(world: ServicesWorld, role: ServiceRole, prefix: str, content: bytes) -> Any:
    """What came of a file whose job was started, and looked at until it was over."""
    key = role.put(prefix, NAMES[prefix], content)
    if role.work_on(key):
        raise StoryFailedError("the job was not started")

    work = work_id(key, "1")
    ledger = DynamoServiceLedger(
        client=client(world, "dynamodb"),
        table=role.physical_id("Ledger"),
        clock=world.cloud.clock,  # type: ignore[arg-type]
    )

    def look() -> Any:
        record = ledger.work(work)
        if record is not None and not record.is_over:
            # The message that the worker sent itself, without its delay.
            role.deliver(check_message(work), id_=record.holder)
        return role.results(key) or None

    try:
        (found,) = until(look, seconds=3, what=f"the end of {key}")
    except AssertionError as error:
        raise StoryFailedError(str(error)) from error
    if found["status"] != "done":
        raise StoryFailedError(str(found))
    return found["result"]


def write_down(world: ServicesWorld, role: ServiceRole) -> None:
    """A recording becomes text."""
    worked(world, role, "talks", SOUND)


def read_aloud(world: ServicesWorld, role: ServiceRole) -> None:
    """A text becomes sound."""
    worked(world, role, "texts", b"Here is the news.")


_SAID = iter(range(10_000_000))


def speak(_: ServicesWorld, role: ServiceRole) -> None:
    """Words that nobody said before are spoken."""
    role.ask("speak", text=f"Number {id(role)} {next(_SAID)}")


def test_each_call_of_what_writes_down_is_needed(world: ServicesWorld, prover: Prover) -> None:
    """Without any one of them no recording becomes text."""
    role = ServiceRole(world, "talks", WORKER)
    with role.by_hand():
        prover.prove("do_ai_work_talks", role, {"write_down": write_down}, about=of("transcribe"))


def test_each_call_of_what_reads_aloud_is_needed(world: ServicesWorld, prover: Prover) -> None:
    """Without any one of them no text becomes sound."""
    role = ServiceRole(world, "voice", WORKER)
    with role.by_hand():
        prover.prove("do_ai_work_voice", role, {"read_aloud": read_aloud}, about=of("polly"))


def test_each_call_of_what_speaks_is_needed(world: ServicesWorld, prover: Prover) -> None:
    """Without it no words are spoken."""
    role = ServiceRole(world, "voice", DOOR)
    prover.prove("answer_ai_request_voice", role, {"speak": speak}, about=of("polly"))
