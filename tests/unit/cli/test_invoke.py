"""`tidegate invoke` and `tidegate outcome`: the front door as its users see it."""

from dataclasses import replace
from pathlib import Path

import pytest
from urllib3.exceptions import HTTPError

from cli.frontdoor import Reply
from cli.signing import SIGNING_SECRET, TOKEN_SECONDS
from stacks.components import signing_secret
from tests.cli_world import BODY, CliWorld
from tests.fakes import FakeKeys
from tidegate.errors import OverrideRefusedError
from tidegate.override import overridden_slot


def test_the_answer_is_the_result_and_the_rest_a_remark(world: CliWorld):
    """Standard output has the answer alone; slot and prediction id are on standard error."""
    said = world.run("invoke", "flights", "--data", BODY.decode())
    assert said.code == 0
    assert said.out == '{"label": "late"}\n'
    assert "prediction id id-1" in said.err


def test_json_has_everything_of_the_answer(world: CliWorld):
    """A program gets status, body, prediction id, slot and version."""
    document = world.run("invoke", "flights", "--data", "x", "--json").json()
    assert document == {
        "status": 200,
        "body": '{"label": "late"}',
        "content_type": "application/json",
        "prediction_id": "id-1",
        "slot": "blue",
        "version": "v1",
    }


def test_a_request_is_read_from_standard_input(world: CliWorld):
    """Without --body and --data the request is what comes in."""
    world.run("invoke", "flights", "--user", "ada", stdin=BODY)
    assert world.door.asked == [("flights", BODY, "application/json", "ada")]


def test_a_request_is_read_from_a_file_as_it_is(world: CliWorld, tmp_path: Path):
    """Bytes are sent as they are, with the content type that was said."""
    (tmp_path / "picture").write_bytes(b"\xff\x00")
    arguments = ("--body", str(tmp_path / "picture"), "--content-type", "image/png")
    world.run("invoke", "flights", *arguments)
    assert world.door.asked == [("flights", b"\xff\x00", "image/png", "")]


def test_a_slot_is_asked_for_by_a_token(world: CliWorld):
    """It holds for the slot that was named, and for nothing without one."""
    world.run("invoke", "flights", "--data", "x", "--slot", "green")
    world.run("invoke", "flights", "--data", "x")
    token, none = world.door.slot_tokens
    split, now = world.release.store.split("flights"), world.release.clock.now()
    assert split is not None
    keys = FakeKeys().read()
    assert overridden_slot(token, keys, split=split, now=now + TOKEN_SECONDS - 1) == "green"
    with pytest.raises(OverrideRefusedError, match="expired"):
        overridden_slot(token, keys, split=split, now=now + TOKEN_SECONDS)
    assert none == ""


def test_one_of_several_models_is_asked_by_name(world: CliWorld):
    """Without the option none is named."""
    world.run("invoke", "flights", "--data", "x", "--target-model", "ewr")
    world.run("invoke", "flights", "--data", "x")
    assert world.door.target_models == ["ewr", ""]


def test_a_slot_that_is_not_there_is_wrong_usage(world: CliWorld):
    """The slots there are are named, and nothing is asked."""
    said = world.run("invoke", "flights", "--data", "x", "--slot", "red")
    assert (said.code, world.door.asked) == (2, [])
    assert "only blue, green" in said.err


def test_the_secret_s_name_is_that_of_the_release_stack():
    """The command finds it by its logical id."""
    assert SIGNING_SECRET == signing_secret.SIGNING_SECRET


def test_a_failed_prediction_is_shown_and_exits_with_one(world: CliWorld):
    """The front door's message is the result even when it is bad news."""
    world.door.reply = replace(
        world.door.reply, status=404, body=b'{"message": "no"}', prediction_id=None
    )
    said = world.run("invoke", "nope", "--data", "x")
    assert said.code == 1
    assert '{"message": "no"}' in said.out
    assert "HTTP 404" in said.err
    assert "None" not in said.err


def test_a_lost_connection_is_unreachable(world: CliWorld):
    """No answer at all is another thing than a bad one."""
    world.door.failure = HTTPError("refused")
    assert world.run("invoke", "flights", "--data", "x", "--json").json()["code"] == "unreachable"


@pytest.mark.parametrize(
    "arguments", [("--body", "absent"), ("--body", "file", "--data", "x")], ids=["absent", "both"]
)
def test_a_request_that_cannot_be_read_is_wrong_usage(world: CliWorld, arguments: tuple[str, ...]):
    """Nothing is asked then."""
    assert world.run("invoke", "flights", *arguments).code == 2
    assert world.door.asked == []


@pytest.mark.parametrize(("flag", "wrong"), [("--wrong", True), ("--right", False)])
def test_an_outcome_is_recorded(world: CliWorld, flag: str, *, wrong: bool):
    """What became known goes to the front door under the prediction id."""
    said = world.run("outcome", "id-1", flag, "--json")
    assert said.code == 0
    assert said.json()["credited"] is True
    assert world.door.outcomes == [("id-1", wrong)]


@pytest.mark.parametrize(
    ("status", "told"),
    [(400, "malformed or forged"), (409, "before"), (410, "later"), (500, "HTTP 500")],
)
def test_a_refused_outcome_says_why(world: CliWorld, status: int, told: str):
    """Each refusal is told in words, and exits with three."""
    world.door.outcome_status = status
    said = world.run("outcome", "id-1", "--wrong")
    assert said.code == 3
    assert told in said.out


def test_an_outcome_is_right_or_wrong(world: CliWorld):
    """It has to be said which."""
    assert world.run("outcome", "id-1").code == 2


def later(status: int, body: bytes = b"") -> Reply:
    """What the front door says of a request that was submitted."""
    return Reply(
        status=status, body=body, content_type="", prediction_id=None, slot=None, version=None
    )


def test_a_model_that_answers_later_gives_an_id(world: CliWorld):
    """202 is no failure, and what to do next is a remark."""
    world.door.reply = replace(world.door.reply, status=202)
    said = world.run("invoke", "flights", "--data", "x")
    assert said.code == 0
    assert "tidegate answer flights id-1 --wait" in said.err


def test_an_answer_is_fetched_or_still_to_come(world: CliWorld):
    """Both are no failures."""
    world.door.answers = [later(202), later(200, b"42")]
    assert world.run("answer", "flights", "id-1").code == 0
    said = world.run("answer", "flights", "id-1")
    assert (said.code, said.out) == (0, "42\n")
    assert world.door.fetched == [("flights", "id-1")] * 2


def test_waiting_ends_with_an_answer_or_a_failure(world: CliWorld, monkeypatch: pytest.MonkeyPatch):
    """It asks again, and says what it came to."""
    monkeypatch.setattr("cli.commands.invoke._ASK_AGAIN_SECONDS", 0.0)
    world.door.answers = [later(202), later(202), later(502, b"why")]
    said = world.run("answer", "flights", "id-1", "--wait")
    assert said.code == 1
    assert "why" in said.out
    assert len(world.door.fetched) == 3
