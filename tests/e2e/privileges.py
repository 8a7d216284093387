"""The cheapest story of each function: what it has to be able to do.

A story arranges what its function finds, runs the function as deployed, and raises StoryFailedError
when it does not come to what it should. Arranging is done with the administrator's credentials.
"""

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from tests.e2e.roles import Role, StoryFailedError, client
from tests.e2e.world import World, questions, wait_for
from tidegate import decide
from tidegate.loop.prepare import StartRequest, prepare
from tidegate.loop.settle import steady_split
from tidegate.release import Phase, ReleaseRecord
from tidegate_aws.release_items import log_item


def invoke(world: World, role: Role, event: Mapping[str, Any]) -> dict[str, Any]:
    """What the deployed function answers; StoryFailedError when it raises."""
    told = client(world, "lambda").invoke(FunctionName=role.function, Payload=json.dumps(event))
    answer: dict[str, Any] = json.loads(told["Payload"].read())
    if "FunctionError" in told:
        raise StoryFailedError(str(answer.get("errorMessage")))
    return answer


def expect(answer: Mapping[str, Any], *following: str) -> None:
    """The task sent the machine to one of these."""
    if answer.get("next") not in following:
        raise StoryFailedError(f"expected {following}, got {answer}")


@contextmanager
def opened(world: World, **changes: Any) -> Iterator[ReleaseRecord]:
    """A release is open whose record has these changes, with the shares that it says."""
    deployed = world.deployed
    request = StartRequest(
        release_id=f"role-{uuid.uuid4().hex[:10]}", model=world.model, who="a story"
    )
    prepare(
        store=deployed.store,
        traffic=deployed.traffic,
        clock=deployed.target.clock,
        request=request,
    )
    record = deployed.store.load(request.release_id)
    record = deployed.store.save(replace(record, **changes))
    if changes:
        set_shares(world, record.target_shares)
    try:
        yield record
    finally:
        _close(world, request.release_id)


def set_shares(world: World, shares: Mapping[str, int]) -> str | None:
    """What serves has these shares and has settled; the id of the change if it has one."""
    wait_for(lambda: world.serving().status == "InService", seconds=20, what="InService")
    change = world.deployed.traffic.set_shares(world.declaration, shares)
    wait_for(lambda: world.serving().status == "InService", seconds=20, what="InService")
    return change


def _close(world: World, release_id: str) -> None:
    store = world.deployed.store
    record = store.load(release_id)
    if record.phase.terminal:
        return
    ending = replace(record, phase=Phase.ABORTING, halted=None)
    set_shares(world, ending.target_shares)
    over = decide.finish(ending, now=world.deployed.target.clock.now())
    store.settle(over.record, over.entries, pointer=None, split=steady_split(over.record))


def _task(record: ReleaseRecord) -> dict[str, Any]:
    return {"release_id": record.release_id, "epoch": record.epoch}


def _now(world: World) -> float:
    return float(world.deployed.target.clock.now())


def prepare_release(world: World, role: Role) -> None:
    """A release is opened by the function."""
    event = {
        "release_id": f"role-{uuid.uuid4().hex[:10]}",
        "model": world.model,
        "who": "a story",
        "epoch": 1,
    }
    try:
        expect(invoke(world, role, event), "shift")
    finally:
        if world.deployed.store.lock_holder(world.model) == event["release_id"]:
            _close(world, str(event["release_id"]))


def prepare_unknown(world: World, role: Role) -> None:
    """A release of an unknown model is refused with the models that there are."""
    event = {"release_id": "role-unknown", "model": "unknown", "who": "a story", "epoch": 1}
    try:
        invoke(world, role, event)
    except StoryFailedError as error:
        if world.model not in str(error):
            raise
        return
    raise StoryFailedError("a release of an unknown model was opened")


def shift_traffic(world: World, role: Role) -> None:
    """A step is announced, then its weights are asked for."""
    with opened(world) as record:
        for _ in range(200):
            answer = invoke(world, role, _task(record))
            expect(answer, "shift", "verify")
            if answer["next"] == "verify":
                break
        if world.shares()[record.candidate.slot.value] == 0:
            raise StoryFailedError("the candidate has no share")


def verify_traffic(world: World, role: Role) -> None:
    """A shift that was made is seen, and the step begins."""
    long_ago = _now(world) - 3_600
    with opened(world, announced=True, announced_at=long_ago) as record:
        expect(invoke(world, role, _task(record)), "bake")


def observe_release(world: World, role: Role) -> None:
    """What became final is written as a look."""
    began = _now(world) - 3_600
    changes = {"phase": Phase.BAKING, "step_started_at": began, "started_at": began}
    with opened(world, **changes) as record:
        expect(invoke(world, role, _task(record)), "judge")


def judge_release(world: World, role: Role) -> None:
    """Looks that were written are judged."""
    began = _now(world) - 3_600
    changes = {"phase": Phase.BAKING, "step_started_at": began, "started_at": began}
    with opened(world, **changes) as record:
        observer = Role(world=world, package="observe_release")
        invoke(world, observer, _task(record))
        expect(invoke(world, role, _task(record)), "verify", "shift")


def settle_release(world: World, role: Role) -> None:
    """A promotion that was read back moves the pointer and frees the model."""
    with opened(world, phase=Phase.PROMOTING) as record:
        expect(invoke(world, role, _task(record)), "report")


def halt_release(world: World, role: Role) -> None:
    """A release is halted."""
    with opened(world) as record:
        event = {**_task(record), "error": {"Error": "Broken", "Cause": "a story"}}
        expect(invoke(world, role, event), "shift")


def report_release(world: World, role: Role) -> None:
    """The end of a release is announced, with metrics."""
    with opened(world) as record:
        pass
    over = world.deployed.store.load(record.release_id)
    expect(invoke(world, role, _task(over)), "report")


def route_request(world: World, role: Role) -> None:
    """A prediction is served."""
    reply = world.door().predict(world.model, questions(1)[0].body)
    if reply.status != 200:
        raise StoryFailedError(f"{reply.status}: {reply.body!r}")


def record_outcome(world: World, role: Role) -> None:
    """An outcome is credited, and refused when it comes again."""
    door = world.door()
    prediction_id = door.predict(world.model, questions(1)[0].body).prediction_id
    statuses = [door.record_outcome(str(prediction_id), wrong=False) for _ in range(2)]
    if statuses != [202, 409]:
        raise StoryFailedError(f"expected 202 and 409, got {statuses}")


def aggregate_requests(world: World, role: Role) -> None:
    """A request that was served is counted."""
    database = client(world, "dynamodb")
    table = world.deployed.outputs["ObservationTableName"]

    def counted() -> int:
        items = database.scan(TableName=table, ConsistentRead=True)["Items"]
        rows = [item for item in items if item["pk"]["S"].startswith("counter#")]
        return len(json.dumps(rows)) + sum(
            int(v["N"]) for r in rows for v in r.values() if "N" in v
        )

    before = counted()
    world.door().predict(world.model, questions(1)[0].body)
    try:
        wait_for(lambda: counted() != before, seconds=3, what="the count")
    except AssertionError as error:
        raise StoryFailedError(str(error)) from error


def _record(world: World) -> ReleaseRecord:
    """A release that is over."""
    with opened(world) as record:
        return record


def announce_release(world: World, role: Role) -> None:
    """An entry of a log is an event and a message."""
    record = _record(world)
    entry = world.deployed.store.log(record.release_id)[0]
    item: Any = log_item(record.release_id, entry, revision=0, place=0)
    keys = {name: item[name] for name in ("pk", "sk")}
    stream = {"Keys": keys, "NewImage": item, "SequenceNumber": "1"}
    invoke(world, role, {"Records": [{"eventName": "INSERT", "dynamodb": stream}]})


def rotate_keys(world: World, role: Role) -> None:
    """A rotation makes another version the current one."""
    secrets = client(world, "secretsmanager")
    arn, token = world.deployed.outputs["SigningSecretArn"], str(uuid.uuid4())
    for step in ("createSecret", "setSecret", "testSecret", "finishSecret"):
        invoke(world, role, {"Step": step, "SecretId": arn, "ClientRequestToken": token})
    stages = secrets.describe_secret(SecretId=arn)["VersionIdsToStages"]
    if "AWSCURRENT" not in stages.get(token, []):
        raise StoryFailedError(f"{token} is not current: {stages}")


def import_outcomes(world: World, role: Role) -> None:
    """The outcomes of a file are credited and counted, and told beside it."""
    prediction_id = world.door().predict(world.model, questions(1)[0].body).prediction_id
    bucket = world.deployed.outputs["OutcomeBucketName"]
    key = f"{uuid.uuid4().hex}.jsonl"
    body = json.dumps({"prediction_id": prediction_id, "wrong": False}).encode()
    # The story runs the function itself: the rule must not be faster.
    held = world.physical_id("OutcomeFileRule").rpartition("|")[2]
    events = client(world, "events")
    events.disable_rule(Name=held)
    try:
        etag = client(world, "s3").put_object(Bucket=bucket, Key=key, Body=body)["ETag"].strip('"')
        found = {"bucket": {"name": bucket}, "object": {"key": key, "etag": etag}}
        told = invoke(world, role, found)
    finally:
        events.enable_rule(Name=held)
    if told["counts"] != {"credited": 1}:
        raise StoryFailedError(f"expected one credited outcome, got {told}")


STORIES: Mapping[str, tuple[Callable[[World, Role], None], ...]] = {
    "prepare_release": (prepare_release, prepare_unknown),
    "shift_traffic": (shift_traffic,),
    "verify_traffic": (verify_traffic,),
    "observe_release": (observe_release,),
    "judge_release": (judge_release,),
    "settle_release": (settle_release,),
    "halt_release": (halt_release,),
    "report_release": (report_release,),
    "route_request": (route_request,),
    "record_outcome": (record_outcome,),
    "aggregate_requests": (aggregate_requests,),
    "announce_release": (announce_release,),
    "rotate_keys": (rotate_keys,),
    "import_outcomes": (import_outcomes,),
}
"""What each function has to be able to do, by its package."""
