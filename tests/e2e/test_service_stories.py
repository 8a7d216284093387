"""AI services in bad times: throttled, told twice, killed, at their limits, asked nonsense."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from emulator.ai.faults import Faults
from emulator.server import EmbeddedCloud
from tests.e2e.breaking import sabotaged
from tests.e2e.leaving import remove_stacks
from tests.e2e.services import ServicesWorld, until

pytestmark = pytest.mark.accept

FILES = 24
SOCIAL = """
  social:
    kind: comprehend
    requests_per_minute: 60000
    settings: { languages: [en] }
"""


@pytest.fixture(scope="module")
def world(
    story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServicesWorld]:
    """One service, deployed."""
    folder = tmp_path_factory.mktemp("services")
    made = ServicesWorld(cloud=story_cloud, folder=folder, project="rough", services=SOCIAL)
    made.deploy()
    yield made
    remove_stacks(story_cloud, "rough-")


@pytest.fixture(autouse=True)
def no_faults(world: ServicesWorld) -> Iterator[None]:
    """Each story ends with a service that works."""
    yield
    world.cloud.set_faults("comprehend", Faults())


def test_throttles_duplicates_and_kills_lose_and_double_nothing(world: ServicesWorld) -> None:
    """Each file is told of three times, the function is killed at many of its calls.

    Three calls of ten are throttled; each file has one result in the end, or is a dead letter that
    has one once it is sent back.
    """
    stack = world.stack("social")
    names = [f"rough-{number:02}.jsonl" for number in range(FILES)]
    with _told_by_hand(world), sabotaged(stack, "do_ai_work") as saboteurs:
        world.cloud.set_faults("comprehend", Faults(throttled=0.3, failed_items=0.1))
        for moment in ("before", "call-2", "call-4", "call-6", "call-8", "after") * 2:
            saboteurs["do_ai_work"].ticket(moment, "kill")
        for name in names:
            _put(world, name)
            for _ in range(3):
                _tell(world, name)
        until(lambda: _settled(world, names), seconds=200, what="an end of every file")
        world.cloud.set_faults("comprehend", Faults())
        saboteurs["do_ai_work"].withdraw()
    dead = {letter for letter in _dead(world) if letter in names}
    results = _results(world, names)
    assert {name for name, count in results.items() if count == 1} | dead == set(names)
    assert max(results.values()) == 1
    if dead:
        world.tidegate("ai", "redrive")
        until(lambda: _all_done(world, names), seconds=100, what="a result of every file")
    assert set(_results(world, names).values()) == {1}


def test_dead_letters_are_an_alarm_and_go_back(world: ServicesWorld) -> None:
    """What fails five times is a dead letter; people are told, look, and send it back."""
    until(lambda: _sent_back(world), seconds=100, what="a queue without dead letters of others")
    stack = world.stack("social")
    path = world.folder / "unlucky.jsonl"
    path.write_text('"I love it"\n')
    with sabotaged(stack, "do_ai_work") as saboteurs:
        saboteurs["do_ai_work"].fail_always()
        key = world.send("social", path)
        until(lambda: _dead(world) or None, seconds=100, what="a dead letter")
        saboteurs["do_ai_work"].recover()
    assert _dead(world) == ["unlucky.jsonl"]
    until(lambda: _alarms(world) or None, seconds=60, what="the alarm of dead letters")
    listed = world.tidegate("ai", "dead-letters")
    assert f"/{key}" in listed.out
    assert "1 dead letters go back" in world.tidegate("ai", "redrive").out
    assert world.outcome("social", key)["status"] == "done"
    assert "0 dead letters" in world.tidegate("ai", "dead-letters").out


def test_the_command_line_asks_as_the_routes_do(world: ServicesWorld) -> None:
    """Routes, files, faults with exit codes, the description of all routes."""
    listed = world.tidegate("ai", "social")
    assert "tidegate ai social redact text=..." in listed.out
    text = "Dear Mr. Smith, call +1 415 555 2671"
    done = world.tidegate("ai", "social", "redact", f"text={text}")
    assert json.loads(done.out)["text"] == "Dear Mr. [NAME], call [PHONE]"
    wrong = world.tidegate("ai", "social", "redact", "txt=hello")
    assert (wrong.code, "did you mean text?" in wrong.err) == (2, True)
    assert world.tidegate("ai", "nobody", "redact").code == 2
    path = world.folder / "by-hand.jsonl"
    path.write_text('"I love it"\n"It is awful"\n')
    sent = json.loads(world.tidegate("ai", "social", "send", str(path)).out)
    assert (sent["status"], sent["result"]["posts"]) == ("done", 2)
    again = world.tidegate("ai", "social", "result", sent["key"])
    assert json.loads(again.out)["result"] == sent["result"]
    refused = world.folder / "refused.jsonl"
    refused.write_text("no json\n")
    assert world.tidegate("ai", "social", "send", str(refused)).code == 3
    described = json.loads(world.tidegate("ai", "openapi").out)
    assert "/ai/social/sentiment" in described["paths"]


def test_a_key_has_one_answer_and_callers_have_limits(world: ServicesWorld) -> None:
    """The same key brings the answer again without a call; unsigned requests are refused."""
    service = world.service("social")
    route, fields = service.route("redact"), {"text": "call +1 415 555 2671"}
    first = service.ask(route, fields, key="once")
    before = world.cloud.faults("comprehend")["calls"]
    again = service.ask(route, fields, key="once")
    assert (again.body, again.replayed) == (first.body, True)
    assert world.cloud.faults("comprehend")["calls"] == before
    assert service.ask(route, {"text": "another"}, key="once").status == 422
    bare = service.door.pool.request("POST", f"{service.door.url}/ai/social/redact", body=b"{}")
    assert bare.status == 403


def test_nothing_personal_is_in_any_log(world: ServicesWorld) -> None:
    """Neither of posts that are judged, nor of requests with faults, nor of files."""
    marks = ("rumpelstilzchen@example.com", "Rumpelstilzchen")
    text = f"My name is {marks[1]}, write to {marks[0]}"
    world.ask("social", "sentiment", posts=[{"text": text}])
    world.ask("social", "redact", txt=text)
    world.ask("social", "redact", text=text, language=text)
    path = world.folder / "private.jsonl"
    path.write_text(json.dumps({"text": text}) + "\n" + json.dumps({"txt": text}) + "\n")
    assert world.outcome("social", world.send("social", path))["status"] == "refused"
    path.write_text(json.dumps({"text": text}) + "\n")
    key = world.send("social", path)
    until(lambda: _stored(world) or None, seconds=30, what="the judged posts")
    assert not any(mark in line for mark in marks for line in _log_lines(world))
    assert not any(mark in _stored(world) for mark in marks)
    assert key.endswith("private.jsonl")


@contextmanager
def _told_by_hand(world: ServicesWorld) -> Iterator[None]:
    """S3's own events are held up; a story tells as often as it wants."""
    rule = world.stack("social").physical_id("ArrivedRule").rpartition("/")[2]
    events = world.client("events")
    events.disable_rule(Name=rule)
    try:
        yield
    finally:
        events.enable_rule(Name=rule)


def _bucket(world: ServicesWorld) -> str:
    return world.stack("social").physical_id("Files")


def _put(world: ServicesWorld, name: str) -> None:
    body = b'"I love it"\n"This is awful, call +1 415 555 2671"\n'
    world.client("s3").put_object(Bucket=_bucket(world), Key=f"in/posts/{name}", Body=body)


def _tell(world: ServicesWorld, name: str) -> None:
    described = {"key": f"in/posts/{name}", "sequencer": "1", "size": 60}
    event = {
        "source": "aws.s3",
        "detail-type": "Object Created",
        "detail": {"bucket": {"name": _bucket(world)}, "object": described},
    }
    url = world.stack("social").physical_id("Work")
    world.client("sqs").send_message(QueueUrl=url, MessageBody=json.dumps(event))


def _results(world: ServicesWorld, names: list[str]) -> dict[str, int]:
    """How many results each file has."""
    s3, bucket = world.client("s3"), _bucket(world)
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="results/posts/")
    keys = [found["Key"] for page in pages for found in page.get("Contents", ())]
    return {name: sum(f"/{name}/" in key for key in keys) for name in names}


def _dead(world: ServicesWorld) -> list[str]:
    """Files of which dead letters are."""
    told = json.loads(world.tidegate("ai", "dead-letters", "--json").out)
    return sorted({letter["about"].rpartition("/")[2] for letter in told})


def _sent_back(world: ServicesWorld) -> bool | None:
    """Whether no dead letter is there or on its way; those that are there go back."""
    if _dead(world):
        world.tidegate("ai", "redrive")
        return None
    return _waiting(world) == 0 or None


def _waiting(world: ServicesWorld) -> int:
    """How many pieces of work are in queues: one that goes back and fails is dead again."""
    sqs = world.client("sqs")
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    urls = sqs.list_queues(QueueNamePrefix="rough-test-ai").get("QueueUrls", [])
    told = [sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names) for url in urls]
    return sum(int(number) for each in told for number in each["Attributes"].values())


def _settled(world: ServicesWorld, names: list[str]) -> bool | None:
    counts = _results(world, names)
    without = {name for name, count in counts.items() if not count}
    if without and not without <= set(_dead(world)):
        return None
    return True


def _all_done(world: ServicesWorld, names: list[str]) -> bool | None:
    return True if set(_results(world, names).values()) == {1} else None


def _alarms(world: ServicesWorld) -> list[str]:
    told = world.client("cloudwatch").describe_alarms(StateValue="ALARM")["MetricAlarms"]
    names = [alarm["AlarmName"] for alarm in told]
    return [name for name in names if name.startswith("rough-test-ai-DeadLetters")]


def _log_lines(world: ServicesWorld) -> list[str]:
    """Every line of every log group of the project."""
    logs = world.client("logs")
    groups = logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix="rough-")
    lines: list[str] = []
    for page in groups:
        for group in page["logGroups"]:
            found = logs.get_paginator("filter_log_events").paginate(
                logGroupName=group["logGroupName"]
            )
            lines.extend(event["message"] for part in found for event in part["events"])
    assert any("correlation_id" in line for line in lines)
    return lines


def _stored(world: ServicesWorld) -> str:
    """What is stored of the posts."""
    s3, bucket = world.client("s3"), _bucket(world)
    found = s3.list_objects_v2(Bucket=bucket, Prefix="judged/private.jsonl/")
    keys = [entry["Key"] for entry in found.get("Contents", ())]
    bodies = [s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode() for key in keys]
    return "".join(bodies)
