"""Least privilege of a chatbot: who talks, who checks, and who moves the alias."""

import itertools
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.privileges.rights import Right
from emulator.server import EmbeddedCloud
from tests.e2e.leaving import remove_stacks
from tests.e2e.roles import Prover, StoryFailedError, client
from tests.e2e.service_rights import DOOR, WORKER, ServiceRole
from tests.e2e.services import ServicesWorld
from tidegate.ai.lex.split import SPLIT, Split, Trial

pytestmark = pytest.mark.accept

BOT = Path(__file__).parents[2] / "examples" / "ai" / "files" / "shop.toml"
SERVICE = f"""
  chat:
    kind: lex
    requests_per_minute: 60000
    settings: {{ bot: {BOT}, canary: {{}} }}
"""
_MOMENTS = itertools.count()


def about(right: Right) -> bool:
    """What only this kind has."""
    own = right.action.startswith("lex:") or right.action == "cloudwatch:GetMetricData"
    return own or right.resource == "Handovers"


@pytest.fixture(scope="module")
def world(
    story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServicesWorld]:
    """One service, whose releases are looked at by hand."""
    folder = tmp_path_factory.mktemp("chat-rights")
    made = ServicesWorld(cloud=story_cloud, folder=folder, project="chatrights", services=SERVICE)
    made.deploy()
    rule = made.stack("chat").physical_id("ReleaseTimer")
    client(made, "events").disable_rule(Name=rule.rpartition("/")[2].rpartition("|")[2])
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


def look(role: ServiceRole) -> None:
    """A look at the release, whatever it finds."""
    moment = f"2026-11-30T12:00:{next(_MOMENTS):06d}Z"
    if role.deliver({"tidegate": "timer", "name": "release", "at": moment}):
        raise StoryFailedError("the look must be tried again")


def _aliases(world: ServicesWorld, role: ServiceRole) -> dict[str, str]:
    listed = client(world, "lexv2-models").list_bot_aliases(botId=role.physical_id("Bot"))
    return {a["botAliasName"]: a["botAliasId"] for a in listed["botAliasSummaries"]}


def _forgotten(world: ServicesWorld, role: ServiceRole) -> None:
    client(world, "s3").delete_object(Bucket=role.bucket, Key=SPLIT)


def first_look(world: ServicesWorld, role: ServiceRole) -> None:
    """The live alias is made."""
    _forgotten(world, role)
    live = _aliases(world, role).get("live")
    if live is not None:
        bot = role.physical_id("Bot")
        client(world, "lexv2-models").delete_bot_alias(botId=bot, botAliasId=live)
    look(role)


def lost_look(world: ServicesWorld, role: ServiceRole) -> None:
    """The live alias of a bucket that was lost is found again, and moved."""
    _forgotten(world, role)
    look(role)


def trial_look(world: ServicesWorld, role: ServiceRole) -> None:
    """A version on trial is judged by what was counted since an hour."""
    now: Any = world.cloud.clock.now()
    trial = Trial(version="1", step=0, since=now, counted_until=now - 3_600)
    split = Split(alias=_aliases(world, role)["live"], version="0", percent=10, trial=trial)
    client(world, "s3").put_object(
        Bucket=role.bucket, Key=SPLIT, Body=json.dumps(split.to_json()).encode()
    )
    look(role)


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
    """Without any one, a check or a look at the release fails."""
    role = ServiceRole(world, "chat", WORKER)
    with role.by_hand():
        stories = {
            "check": check,
            "first_look": first_look,
            "lost_look": lost_look,
            "trial_look": trial_look,
        }
        prover.prove(f"{WORKER}_chat", role, stories, about=about)
