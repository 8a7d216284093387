"""Least privilege of a chatbot: who talks, and who checks."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.privileges.rights import Right
from emulator.server import EmbeddedCloud
from tests.e2e.leaving import remove_stacks
from tests.e2e.roles import Prover, StoryFailedError, client
from tests.e2e.service_rights import DOOR, WORKER, ServiceRole
from tests.e2e.services import ServicesWorld

pytestmark = pytest.mark.accept

BOT = Path(__file__).parents[2] / "examples" / "ai" / "files" / "shop.toml"
SERVICE = f"""
  chat:
    kind: lex
    requests_per_minute: 60000
    settings: {{ bot: {BOT} }}
"""


def about(right: Right) -> bool:
    """What only this kind has."""
    return right.action.startswith("lex:") or right.resource == "Handovers"


@pytest.fixture(scope="module")
def world(
    story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServicesWorld]:
    """One service."""
    folder = tmp_path_factory.mktemp("chat-rights")
    made = ServicesWorld(cloud=story_cloud, folder=folder, project="chatrights", services=SERVICE)
    made.deploy()
    yield made
    remove_stacks(story_cloud, "chatrights-")


def talk(_: ServicesWorld, role: ServiceRole) -> None:
    """A conversation that a person takes over, takes out, and one that is forgotten."""
    session = uuid.uuid4().hex
    role.ask("say", session=session, text="where is my order")
    given = role.ask("say", session=uuid.uuid4().hex, text="talk to a person")
    role.ask("end", session=session)
    found = role.ask("next-handover")
    if found["handover"] != given["handover"]:
        raise StoryFailedError(f"another conversation was given: {found}")
    role.ask("close-handover", handover=given["handover"])


def tidy(_: ServicesWorld, role: ServiceRole) -> None:
    """A conversation that was closed is dropped when the next one is asked for."""
    first = role.ask("say", session=uuid.uuid4().hex, text="talk to a person")
    role.ask("close-handover", handover=first["handover"])
    second = role.ask("say", session=uuid.uuid4().hex, text="talk to a person")
    found = role.ask("next-handover")
    if found["handover"] != second["handover"]:
        raise StoryFailedError(f"another conversation was given: {found}")
    role.ask("close-handover", handover=second["handover"])


def miss(_: ServicesWorld, role: ServiceRole) -> None:
    """What was not understood is remembered in the session."""
    role.ask("say", session=uuid.uuid4().hex, text="what is the weather on mars")


def _empty(world: ServicesWorld, role: ServiceRole) -> None:
    """Nobody waits for a person."""
    client(world, "sqs").purge_queue(QueueUrl=role.physical_id("Handovers"))


def check(_: ServicesWorld, role: ServiceRole) -> None:
    """A file of texts is said to the bot."""
    line = json.dumps({"text": "where is my order", "intent": "OrderStatus"})
    found = role.done(role.put("checks", "a.jsonl", line.encode()))
    if found["understood"] != 1:
        raise StoryFailedError(str(found))


def test_each_right_of_the_door_is_needed(world: ServicesWorld, prover: Prover) -> None:
    """Without any one, a conversation or its end does not come about."""
    role = ServiceRole(world, "chat", DOOR)
    _empty(world, role)
    prover.prove(
        f"{DOOR}_chat",
        role,
        {"miss": miss, "talk": talk, "tidy": tidy},
        about=about,
        after=lambda: _empty(world, role),
    )


def test_each_right_of_the_worker_is_needed(world: ServicesWorld, prover: Prover) -> None:
    """Without any one, a check fails."""
    role = ServiceRole(world, "chat", WORKER)
    with role.by_hand():
        prover.prove(f"{WORKER}_chat", role, {"check": check}, about=about)
