"""A chatbot of a readable file: it answers, gives up to people, and is checked."""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator.ai.faults import Faults
from emulator.server import EmbeddedCloud
from tests.e2e.leaving import remove_stacks
from tests.e2e.services import ServicesWorld

pytestmark = pytest.mark.accept

EXAMPLES = Path(__file__).parents[2] / "examples" / "ai"
CHAT = """
  chat:
    kind: lex
    settings:
      bot: shop.toml
      function: fulfills-orders
"""
FUNCTION = """
def handle(event, context):
    state = event["sessionState"]
    number = state["intent"]["slots"]["Number"]["value"]["interpretedValue"]
    return {"sessionState": {"dialogAction": {"type": "Close"},
                             "intent": {**state["intent"], "state": "Fulfilled"}},
            "messages": [{"contentType": "PlainText", "content": f"{number} comes tomorrow."}]}
"""
PUZZLED = "what is the weather on mars"


def bot() -> str:
    """The example's bot, whose orders the function fulfills."""
    text = (EXAMPLES / "files" / "shop.toml").read_text("utf-8")
    return text.replace('done = "Order {Number} is on its way."', "function = true")


@pytest.fixture(scope="module")
def world(
    story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServicesWorld]:
    """The service, deployed beside the function that fulfills orders."""
    folder = tmp_path_factory.mktemp("chat")
    _make_function(story_cloud)
    (folder / "shop.toml").write_text(bot())
    made = ServicesWorld(cloud=story_cloud, folder=folder, project="shop", services=CHAT)
    made.deploy()
    yield made
    remove_stacks(story_cloud, "shop-")
    story_cloud.session().client("lambda").delete_function(FunctionName="fulfills-orders")


def _make_function(cloud: EmbeddedCloud) -> None:
    iam, buffer = cloud.session().client("iam"), io.BytesIO()
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": "lambda.amazonaws.com"},
    }
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    role = iam.create_role(RoleName="fulfills-orders", AssumeRolePolicyDocument=trust)["Role"]
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("code_.py", FUNCTION)
    cloud.session().client("lambda").create_function(
        FunctionName="fulfills-orders",
        Role=role["Arn"],
        Runtime="python3.12",
        Handler="code_.handle",
        Code={"ZipFile": buffer.getvalue()},
    )


def say(world: ServicesWorld, session: str, text: str) -> dict[str, Any]:
    """What the bot says to it."""
    reply = world.ask("chat", "say", session=session, text=text)
    assert reply.status == 200, reply
    return dict(reply.body)


def test_a_conversation_is_fulfilled_by_the_function(world: ServicesWorld) -> None:
    """The slot is asked for, and the function has the last word."""
    asked = say(world, "ann-1", "where's my order?")
    assert (asked["state"], asked["asks"]) == ("open", "Number")
    done = say(world, "ann-1", "AB-123")
    assert (done["state"], done["intent"]) == ("done", "OrderStatus")
    assert done["messages"] == ["AB-123 comes tomorrow."]
    assert done["slots"] == {"Number": "AB-123"}


def test_who_is_not_understood_is_helped_by_a_person(world: ServicesWorld) -> None:
    """After two texts in a row, or who asks for one; the conversation is given to one person."""
    assert say(world, "bob-1", PUZZLED)["state"] == "open"
    say(world, "bob-1", "track order AB-123")
    assert say(world, "bob-1", PUZZLED)["state"] == "open"
    given = say(world, "bob-1", PUZZLED)
    assert (given["state"], given["messages"]) == (
        "person",
        ["I will get a colleague to help you."],
    )
    asked = say(world, "cid-1", "can I talk to a human")
    assert asked["state"] == "person"
    found: dict[str, Any] = {}
    while not {given["handover"], asked["handover"]} <= set(found):
        handover = world.ask("chat", "next-handover").body
        found[handover["handover"]] = handover["waiting"]
        assert world.ask("chat", "close-handover", handover=handover["handover"]).status == 200
    assert found[given["handover"]]["said"] == PUZZLED
    assert world.ask("chat", "next-handover").status == 404
    again = world.ask("chat", "close-handover", handover=given["handover"])
    assert again.status == 409


def test_a_file_of_questions_is_checked(world: ServicesWorld) -> None:
    """Throttled calls are repeated; each text has its line."""
    world.cloud.set_faults("lexv2-runtime", Faults(throttled=0.3, seed=3))
    try:
        key = world.send("chat", EXAMPLES / "samples" / "questions.jsonl")
        outcome = world.outcome("chat", key)
    finally:
        world.cloud.set_faults("lexv2-runtime", Faults())
    assert outcome["status"] == "done", outcome
    assert outcome["result"] == {
        "texts": 6,
        "understood": 6,
        "percent": 100.0,
        "misunderstood": [],
    }
