"""The console's JSON: what is read, orders, and errors."""

import json
from http import HTTPStatus
from typing import Any

import pytest

from cli.console.answers import LONGEST_REASON, Answers
from cli.console.reader import Reader
from cli.verbs import operator
from tests.cli_world import CliWorld
from tests.samples import ENDPOINT, MODEL, RELEASE
from tidegate.errors import ConflictError
from tidegate.release import Phase


@pytest.fixture
def answers(world: CliWorld) -> Answers:
    """A release was opened and its execution runs."""
    world.release.prepare()
    world.release.executions.start(release_id=RELEASE, model=MODEL, who="ada", epoch=1)
    return Answers(Reader(world.deployed()))


def read(answers: Answers, path: str) -> Any:
    """The document at a path."""
    answer = answers.get(path)
    assert answer.status is HTTPStatus.OK
    assert answer.content_type == "application/json"
    return json.loads(answer.body)


def order(answers: Answers, verb: str, body: object, *, release: str = RELEASE) -> tuple[int, Any]:
    """Status and document of an order."""
    answer = answers.post(f"/api/releases/{release}/{verb}", json.dumps(body).encode())
    return answer.status, json.loads(answer.body)


def test_a_release_is_the_document_of_the_status_verb_and_more(answers: Answers, world: CliWorld):
    """One view, however it is asked for."""
    document = read(answers, f"/api/releases/{RELEASE}")
    said = world.run("release", "status", RELEASE, "--json").json()
    assert said.items() <= document.items()
    assert document["serves"] == {"blue": 100.0, "green": 0.0}
    assert document["standing"] == "step 1 of 2 (10 %) shifting"
    assert (document["attended"], document["looks"]) == (True, 0)


def test_offers_say_what_each_verb_would_do(answers: Answers):
    """A program can ask what a person is asked."""
    offers = {offer["verb"]: offer for offer in read(answers, f"/api/releases/{RELEASE}")["offers"]}
    assert offers["resume"]["refusal"] == "it is neither paused nor halted"
    assert offers["pause"]["refusal"] is None
    assert all(offer["consequences"] for offer in offers.values())


def test_a_model_stands_for_its_newest_release(answers: Answers):
    """As on the command line."""
    assert read(answers, f"/api/releases/{MODEL}")["release_id"] == RELEASE


def test_models_and_releases_are_those_of_the_command_line(answers: Answers, world: CliWorld):
    """The same documents."""
    assert read(answers, "/api/models") == world.run("release", "status", "--json").json()
    assert read(answers, "/api/releases") == world.run("release", "list", "--json").json()


def test_about_says_where_one_is_and_who(answers: Answers):
    """What the page shows at its top."""
    about = read(answers, "/api/about")
    assert (about["project"], about["stage"], about["embedded"]) == ("demo", "dev", True)
    assert about["who"] == operator()
    assert about["refresh_seconds"] > 0


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/api/releases/nope", f"models: {MODEL}"),
        ("/api/nope", "nothing is at /api/nope"),
        ("/pages/releases/nope", f"models: {MODEL}"),
        ("/api/releases/a%2Fb", "neither a release nor a model"),
    ],
)
def test_what_does_not_exist_is_not_found(answers: Answers, path: str, told: str):
    """And what does exist is named."""
    answer = answers.get(path)
    assert answer.status is HTTPStatus.NOT_FOUND
    assert told in json.loads(answer.body)["error"]


def test_an_order_is_carried_out_by_whoever_runs_the_console(answers: Answers, world: CliWorld):
    """With the reason given, and seen by the next look."""
    status, said = order(answers, "pause", {"why": " lunch "})
    assert (status, said) == (200, {"release_id": RELEASE, "verb": "pause", "who": operator()})
    paused = world.release.record().paused
    assert paused is not None
    assert (paused.who, paused.why) == (operator(), "lunch")
    assert read(answers, f"/api/releases/{RELEASE}")["paused"] == "lunch"


def test_an_order_needs_no_reason(answers: Answers, world: CliWorld):
    """As on the command line: the log says that none was given."""
    assert order(answers, "abort", {})[0] == 200
    assert world.release.store.log(RELEASE)[-1].why == "no reason given"


def test_an_abort_returns_before_its_end(answers: Answers, world: CliWorld):
    """The page shows how it goes on."""
    assert order(answers, "abort", {"why": "bad day"})[0] == 200
    assert world.release.record().phase is Phase.ABORTING
    assert world.release.executions.started[-1] == (RELEASE, 2)


def test_an_order_that_the_state_refuses_changes_nothing(answers: Answers, world: CliWorld):
    """What the browser showed may be old: the record decides."""
    before = world.release.record()
    status, said = order(answers, "resume", {"why": "go on"})
    assert status == 409
    assert said["error"] == f"{RELEASE} cannot resume now: it is neither paused nor halted"
    assert world.release.record() == before


def test_an_order_does_not_trust_what_was_read_a_moment_ago(answers: Answers, world: CliWorld):
    """Somebody else paused it since: a second pause is refused."""
    read(answers, f"/api/releases/{RELEASE}")
    world.run("release", "pause", RELEASE)
    assert order(answers, "pause", {})[0] == 409


def test_orders_on_a_release_that_is_over_are_refused(answers: Answers, world: CliWorld):
    """There is nothing to change any more."""
    world.release.run()
    status, said = order(answers, "abort", {"why": "late"})
    assert status == 409
    assert "is over (promoted)" in said["error"]


@pytest.mark.parametrize(
    "body",
    [
        [],
        "why",
        {"why": 3},
        {"why": "x" * (LONGEST_REASON + 1)},
        {"why": "two\nlines"},
        {"why": "\x1b[31m"},
        {"reason": "misspelt"},
    ],
)
def test_what_is_no_order_is_refused(answers: Answers, world: CliWorld, body: object):
    """A reason is one printable line: the log is read in terminals too."""
    assert order(answers, "abort", body)[0] == 400
    assert world.release.record().phase is Phase.SHIFTING


def test_a_body_that_is_not_json_is_refused(answers: Answers):
    """Nothing is guessed."""
    answer = answers.post(f"/api/releases/{RELEASE}/abort", b"why=now")
    assert answer.status is HTTPStatus.BAD_REQUEST


@pytest.mark.parametrize("path", ["/api/releases/x/start", "/api/releases/x", "/pages/overview"])
def test_there_are_no_other_orders(answers: Answers, path: str):
    """The verbs there are are named."""
    answer = answers.post(path, b"{}")
    assert answer.status is HTTPStatus.NOT_FOUND
    assert "pause, resume, promote, abort" in json.loads(answer.body)["error"]


def test_a_lost_race_is_a_conflict(answers: Answers, world: CliWorld):
    """Trying again is safe, and that is what it says."""

    def conflict(*_: object) -> None:
        raise ConflictError("it is being written too often, try again")

    world.release.store.save = conflict  # type: ignore[method-assign, assignment]
    status, said = order(answers, "pause", {})
    assert (status, said["error"]) == (409, said["faults"][0])


def test_the_tag_changes_with_what_is_known(answers: Answers, world: CliWorld):
    """And stays while nothing changes."""
    first = answers.get("/api/releases").tag
    assert answers.get("/api/releases").tag == first
    order(answers, "pause", {"why": "lunch"})
    assert answers.get("/api/releases").tag != first


def test_a_release_without_an_endpoint_can_be_read(answers: Answers, world: CliWorld):
    """Whoever deleted it, the log is still there."""
    del world.release.endpoints.states[ENDPOINT]
    document = read(answers, f"/api/releases/{RELEASE}")
    assert (document["endpoint_status"], document["serves"]) == ("absent", {})
