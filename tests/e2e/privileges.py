"""Roles as deployed, with one action less; and the cheapest story of each function that needs them.

A story arranges what its function finds, runs the function as deployed, and raises StoryFailedError
when it does not come to what it should. Arranging is done with the administrator's credentials.
"""

import itertools
import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from tests.e2e.world import World, questions, wait_for
from tidegate import decide
from tidegate.loop.prepare import StartRequest, prepare
from tidegate.loop.settle import steady_split
from tidegate.release import Phase, ReleaseRecord
from tidegate_aws.release_items import log_item

REQUIRED_NOT_EXERCISED: Mapping[str, str] = {
    "logs:CreateLogStream": "Lambda developer guide, 'Sending Lambda function logs to CloudWatch "
    "Logs': permissions of the execution role; the embedded cloud writes logs itself",
    "logs:PutLogEvents": "as logs:CreateLogStream",
}
"""Actions that AWS needs and nothing here exercises, with their source."""


STREAM_READERS: Mapping[str, str] = dict.fromkeys(
    (
        "dynamodb:DescribeStream",
        "dynamodb:GetRecords",
        "dynamodb:GetShardIterator",
        "dynamodb:ListStreams",
    ),
    "Lambda developer guide, 'Processing DynamoDB streams': permissions of the execution role; the "
    "embedded cloud reads the stream itself",
)


def not_exercised(package: str) -> set[str]:
    """What a function's role needs on AWS, and no story here misses."""
    streams = STREAM_READERS if package == "announce_release" else {}
    return {*REQUIRED_NOT_EXERCISED, *streams}


class StoryFailedError(Exception):
    """A function did not do what its story asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One action in one statement of one inline policy of a role."""

    policy: str
    statement: int
    action: str


@dataclass(slots=True, kw_only=True)
class Role:
    """The execution role of a deployed function."""

    world: World
    package: str
    _runs: Iterator[int] = field(default_factory=itertools.count)

    @property
    def function(self) -> str:
        """The function's name."""
        return self.world.physical_id(self._id)

    @property
    def _id(self) -> str:
        return "".join(part.capitalize() for part in self.package.split("_"))

    def grants(self) -> list[Grant]:
        """Everything that the role allows."""
        return [
            Grant(policy=name, statement=number, action=action)
            for name, document in self._policies().items()
            for number, statement in enumerate(document["Statement"])
            for action in _actions(statement)
        ]

    @contextmanager
    def without(self, grant: Grant) -> Iterator[None]:
        """The role lacks one action while the block runs, and no worker remembers having it."""
        before = self._policies()[grant.policy]
        statements = [dict(statement) for statement in before["Statement"]]
        left = [a for a in _actions(statements[grant.statement]) if a != grant.action]
        statements[grant.statement]["Action"] = left
        kept = [statement for statement in statements if statement["Action"]]
        try:
            self._put(grant.policy, {**before, "Statement": kept})
            self.start_cold()
            yield
        finally:
            self._put(grant.policy, before)
            self.start_cold()

    def start_cold(self) -> None:
        """The next invocation is served by a new worker: none has anything cached."""
        client = self.world.cloud.session().client("lambda")
        known = client.get_function_configuration(FunctionName=self.function)
        variables = {**known["Environment"]["Variables"], "STORY": str(next(self._runs))}
        client.update_function_configuration(
            FunctionName=self.function, Environment={"Variables": variables}
        )

    def _policies(self) -> dict[str, Any]:
        iam, role = self._iam(), self._name()
        names = iam.list_role_policies(RoleName=role)["PolicyNames"]
        return {
            name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
            for name in names
        }

    def _put(self, policy: str, document: Mapping[str, Any]) -> None:
        iam, role = self._iam(), self._name()
        if document["Statement"]:
            iam.put_role_policy(
                RoleName=role, PolicyName=policy, PolicyDocument=json.dumps(document)
            )
        else:
            iam.delete_role_policy(RoleName=role, PolicyName=policy)

    def _iam(self) -> Any:
        return self.world.cloud.session().client("iam")

    def _name(self) -> str:
        return self.world.physical_id(f"{self._id}Role")


def _actions(statement: Mapping[str, Any]) -> list[str]:
    actions = statement["Action"]
    return [actions] if isinstance(actions, str) else list(actions)


def invoke(world: World, role: Role, event: Mapping[str, Any]) -> dict[str, Any]:
    """What the deployed function answers; StoryFailedError when it raises."""
    client = world.cloud.session().client("lambda")
    told = client.invoke(FunctionName=role.function, Payload=json.dumps(event))
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
    client = world.cloud.session().client("dynamodb")
    table = world.deployed.outputs["ObservationTableName"]

    def counted() -> int:
        items = client.scan(TableName=table, ConsistentRead=True)["Items"]
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
    client = world.deployed.target.client("secretsmanager")
    arn, token = world.deployed.outputs["SigningSecretArn"], str(uuid.uuid4())
    for step in ("createSecret", "setSecret", "testSecret", "finishSecret"):
        invoke(world, role, {"Step": step, "SecretId": arn, "ClientRequestToken": token})
    stages = client.describe_secret(SecretId=arn)["VersionIdsToStages"]
    if "AWSCURRENT" not in stages.get(token, []):
        raise StoryFailedError(f"{token} is not current: {stages}")


def import_outcomes(world: World, role: Role) -> None:
    """The outcomes of a file are credited and counted, and told beside it."""
    prediction_id = world.door().predict(world.model, questions(1)[0].body).prediction_id
    client, bucket = world.deployed.target.client("s3"), world.deployed.outputs["OutcomeBucketName"]
    key = f"{uuid.uuid4().hex}.jsonl"
    body = json.dumps({"prediction_id": prediction_id, "wrong": False}).encode()
    # The story runs the function itself: the rule must not be faster.
    held = world.physical_id("OutcomeFileRule").rpartition("|")[2]
    events = world.deployed.target.client("events")
    events.disable_rule(Name=held)
    try:
        etag = client.put_object(Bucket=bucket, Key=key, Body=body)["ETag"].strip('"')
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
