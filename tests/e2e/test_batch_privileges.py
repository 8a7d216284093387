"""Least privilege of a batch: its functions, machines, rule, and the role of its containers."""

import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.server import EmbeddedCloud
from tests.e2e.batches import PROJECT, BatchWorld, Offline
from tests.e2e.leaving import remove_stacks
from tests.e2e.roles import DeployedRole, Prover, StoryFailedError, client
from tests.e2e.test_guardrail_privileges import response_url
from tests.e2e.world import wait_for
from tidegate.batch.run import EVENT_SOURCE, RUN_ENDED, Purpose, RunRecord, Status
from tidegate.slots import Slot

pytestmark = pytest.mark.accept

NEXT = """
  stock:
    framework: scikit-learn
    framework_version: "1.9-0"
    artifact: ARTIFACT
    label: LABEL
    batch:
      after: demand
      columns: [{ name: store, type: integer }, { name: price }, { name: forecast }]
      instance_type: ml.m5.large
      failed_percent: 5
      sla: 12h
      compare: { tolerance: 0.1, agreement: 0.9, shift: 0.9 }
"""
POISONED, SOUND = 9, 400
"""Records of an object with a poisoned one, each of which becomes an object in the end, and of one
without; together enough for a comparison to be sure."""

V1 = Offline(name="v1", poison=6.0)
LIKE = Offline(name="v2", slope=2.001, poison=6.0)


@dataclass(slots=True, kw_only=True)
class Proven:
    """A deployed chain: runs of `stock` that are done, over data that `demand` is said to made."""

    world: BatchWorld
    upstream: str
    kept: str
    torn: str
    compared: str

    @property
    def uri(self) -> str:
        """Where the data set is."""
        return f"s3://{self.upstream}/results/u1/"


@pytest.fixture(scope="module")
def proven(
    batch_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Proven]:
    """Two runs of the first version, and a comparison by which the second one took over."""
    world = BatchWorld(
        cloud=batch_cloud,
        folder=tmp_path_factory.mktemp("rights"),
        name="rights",
        text=PROJECT + NEXT,
    )
    world.deploy(V1)
    upstream = world.batch.bucket
    for name, first, count in (("x", 0, POISONED), ("y", 500, SOUND)):
        rows = "".join(f"{n},{n % 7}.5,1.0\n" for n in range(first, first + count))
        world.s3.put_object(Bucket=upstream, Key=f"results/u1/{name}.csv", Body=rows.encode())
    world.model = "stock"
    made = Proven(world=world, upstream=upstream, kept="", torn="", compared="")
    begun = [_begin(made) for _ in range(2)]
    made.torn, made.kept = (_ended(made, run) for run in begun)
    world.deploy(LIKE)
    said = world.tidegate("batch", "compare", "stock", "--json")
    assert said.code == 0, (said.out, said.err)
    (newest,) = world.batch.runs.newest(1)
    made.compared = newest.run
    yield made
    remove_stacks(batch_cloud, "rights-")


def _begin(proven: Proven) -> str:
    words = ("batch", "run", "stock", "--input", proven.uri, "--detach", "--json")
    said = proven.world.tidegate(*words)
    assert said.code == 0, (said.out, said.err)
    return str(said.json()["run"])


def _ended(proven: Proven, run: str) -> str:
    """The run, which is done."""
    runs = proven.world.batch.runs

    def over() -> RunRecord | None:
        record = runs.load(run)
        return record if record is not None and record.status.over else None

    record = wait_for(over, seconds=120, what=f"the end of {run}")
    assert record.status is Status.DONE, record.why
    return run


class BatchRole(DeployedRole):
    """A role of the batch's stack; of a function by its package."""

    def __init__(self, proven: Proven, id_: str) -> None:
        super().__init__(
            world=proven.world,  # type: ignore[arg-type] - it has a cloud, too
            role_id=f"{id_}Role",
            stack="rights-test-batch-stock",
        )
        self.proven, self.id = proven, id_

    def start_cold(self) -> None:
        """The next invocation of its function, if it is one's, is served by a new worker."""
        if not self.id.endswith("Batch"):
            return
        functions, name = client(self.world, "lambda"), self.physical_id(self.id)
        known = functions.get_function_configuration(FunctionName=name)
        variables = {**known["Environment"]["Variables"], "STORY": uuid.uuid4().hex}
        functions.update_function_configuration(
            FunctionName=name, Environment={"Variables": variables}
        )

    def invoke(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """What the deployed function answers; StoryFailedError when it raises."""
        name = self.physical_id(self.id)
        told = client(self.world, "lambda").invoke(FunctionName=name, Payload=json.dumps(event))
        answer: dict[str, Any] = json.loads(told["Payload"].read())
        if "FunctionError" in told:
            raise StoryFailedError(str(answer.get("errorMessage")))
        return answer


def expect(answer: Mapping[str, Any], **wanted: Any) -> None:
    """The answer has these members."""
    if {name: answer.get(name) for name in wanted} != wanted:
        raise StoryFailedError(f"expected {wanted}, got {answer}")


def put(proven: Proven, key: str, body: bytes) -> None:
    """The batch's bucket has the object."""
    proven.world.s3.put_object(Bucket=proven.world.batch.bucket, Key=key, Body=body)


def drop(proven: Proven, key: str) -> None:
    """The batch's bucket has no such object."""
    proven.world.s3.delete_object(Bucket=proven.world.batch.bucket, Key=key)


def live_is(proven: Proven, slot: Slot) -> None:
    """The pointer names this slot."""
    runs = proven.world.batch.runs
    pointer = runs.pointer()
    assert pointer is not None
    moved = {**pointer, "slot": slot.value, "version": runs.declared()[slot.value]}
    assert runs.move(
        {**moved, "generation": pointer["generation"] + 1}, after=pointer["generation"]
    )


def fresh() -> str:
    """An id of a run that nobody knows."""
    return f"20200101t000000-{uuid.uuid4().hex[:6]}"


def known(proven: Proven, run: str) -> RunRecord:
    """The record of a run."""
    found = proven.world.batch.runs.load(run)
    assert found is not None
    return found


def validates(_: Any, role: BatchRole) -> None:
    """A data set of the batch before is looked at."""
    run = fresh()
    expect(role.invoke(_start(run, input=role.proven.uri)), run=run, next="plan")


def validates_for_a_comparison(_: Any, role: BatchRole) -> None:
    """The live version's last run says what is compared."""
    live_is(role.proven, Slot.BLUE)
    run = fresh()
    expect(role.invoke(_start(run, purpose=Purpose.COMPARE.value)), run=run, next="plan")


def validates_again(_: Any, role: BatchRole) -> None:
    """What was refused is looked at anew."""
    live_is(role.proven, Slot.BLUE)
    run, record = fresh(), known(role.proven, role.proven.kept)
    role.proven.world.batch.runs.save(replace(record, run=run, status=Status.REFUSED))
    put(role.proven, f"runs/{run}/checking.json", b"{}")
    expect(role.invoke(_start(run)), run=run, next="plan")


def _start(run: str, **given: Any) -> dict[str, Any]:
    moment = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return {"input": {"run": run, **given}, "execution": fresh(), "started": moment}


def plans(_: Any, role: BatchRole) -> None:
    """A validated run is to make a job."""
    run, batch = fresh(), role.proven.world.batch
    record = known(role.proven, role.proven.kept)
    batch.runs.save(replace(record, run=run, status=Status.RUNNING))
    first = batch.document(f"runs/{role.proven.kept}/rounds/000.json")
    put(role.proven, f"runs/{run}/rounds/000.json", json.dumps(first).encode())
    expect(role.invoke({"run": run}), next="transform")


def collects(_: Any, role: BatchRole) -> None:
    """A half-written result goes, a poisoned object is cut, and what fails alone is kept apart."""
    torn = role.proven.torn
    drop(role.proven, f"runs/{torn}/rounds/001.json")
    put(role.proven, f"results/{torn}/y.csv.out", b"500,")
    answer = role.invoke({"run": torn, "number": 0})
    if answer["units"] < 2:
        raise StoryFailedError(f"expected pieces, got {answer}")


def compares(_: Any, role: BatchRole) -> None:
    """The new version takes over."""
    compared = role.proven.compared
    live_is(role.proven, Slot.BLUE)
    drop(role.proven, f"runs/{compared}/comparison.json")
    expect(role.invoke({"run": compared}), verdict="take-over")


def reports(_: Any, role: BatchRole) -> None:
    """A run that is over is counted and told."""
    record = known(role.proven, role.proven.kept)
    role.proven.world.batch.runs.save(replace(record, status=Status.RUNNING))
    expect(role.invoke({"run": record.run}), status="done")


def guards(_: Any, role: BatchRole) -> None:
    """CloudFormation asks whether the same versions may be deployed again."""
    live_is(role.proven, Slot.BLUE)
    properties = {
        "Model": "stock",
        "Live": "blue",
        "Slots": role.proven.world.batch.runs.declared(),
    }
    with response_url() as url:
        event = {
            "RequestType": "Update",
            "ResponseURL": url,
            "StackId": "arn:aws:cloudformation:us-east-1:000000000000:stack/s/1",
            "RequestId": uuid.uuid4().hex,
            "LogicalResourceId": "Guard",
            "PhysicalResourceId": "batch-stock",
            "ResourceProperties": properties,
        }
        expect(role.invoke(event), Status="SUCCESS")


STORIES = {
    "ValidateBatch": (validates, validates_for_a_comparison, validates_again),
    "PlanBatch": (plans,),
    "CollectBatch": (collects,),
    "CompareBatch": (compares,),
    "ReportBatch": (reports,),
    "GuardBatch": (guards,),
}
"""The stories of each function."""


@pytest.mark.parametrize("function", STORIES)
def test_each_right_of_a_function_is_needed(proven: Proven, prover: Prover, function: str) -> None:
    """With its role intact its stories go well; without any one right, one fails."""
    name = f"batch_{function.removesuffix('Batch').lower()}"
    stories = {story.__name__: story for story in STORIES[function]}
    prover.prove(name, BatchRole(proven, function), stories)  # type: ignore[arg-type]


def ended(role: BatchRole, execution: str, *, what: str) -> None:
    """The execution went well; StoryFailedError as soon as a call of it was refused.

    The machine tries again what was refused, for as long as it would take a person to mend it.
    """
    batch = role.proven.world.batch
    found = wait_for(
        lambda: refused(role, execution) or batch.is_over(execution), seconds=120, what=what
    )
    if isinstance(found, str):
        with suppress(ClientError):  # it has ended meanwhile
            batch.machines.stop_execution(executionArn=execution)
        raise StoryFailedError(found)
    said = batch.ended_badly(execution)
    if said is not None:
        raise StoryFailedError(said)


def refused(role: BatchRole, execution: str) -> str | None:
    """What a task of the execution was told that it may not do."""
    pages = client(role.world, "stepfunctions").get_paginator("get_execution_history")
    for page in pages.paginate(executionArn=execution):
        for event in page["events"]:
            cause = str(event.get("taskFailedEventDetails", {}).get("cause", ""))
            if "not authorized" in cause:
                return cause
    return None


def machine_compares(_: Any, role: BatchRole) -> None:
    """A whole comparison: validated, transformed, collected, compared and reported, watched over.

    The deadline's execution is there too.
    """
    live_is(role.proven, Slot.BLUE)
    batch, run = role.proven.world.batch, fresh()
    execution = batch.start({"run": run, "purpose": Purpose.COMPARE.value})
    ended(role, execution, what="the end of a comparison")
    deadline = role.physical_id("DeadlineMachine").replace(":stateMachine:", ":execution:")
    states = client(role.world, "stepfunctions")
    try:
        states.describe_execution(executionArn=f"{deadline}:{run}")
    except states.exceptions.ClientError as error:
        raise StoryFailedError(str(error)) from error


def deadline_is_looked_at(_: Any, role: BatchRole) -> None:
    """A run that is over at its deadline is in time."""
    states = client(role.world, "stepfunctions")
    told = {"run": role.proven.compared, "deadline": "2020-01-01T00:00:00Z"}
    arn = states.start_execution(
        stateMachineArn=role.physical_id("DeadlineMachine"), input=json.dumps(told)
    )["executionArn"]
    ended(role, arn, what="a look at a deadline")


def event_starts_a_run(_: Any, role: BatchRole) -> None:
    """The end of the other batch's run starts one."""
    states, machine = client(role.world, "stepfunctions"), role.proven.world.batch.machine

    def count() -> int:
        pages = states.get_paginator("list_executions").paginate(stateMachineArn=machine)
        return sum(len(page["executions"]) for page in pages)

    before = count()
    detail = {
        "project": "rights",
        "stage": "test",
        "model": "demand",
        "purpose": "serve",
        "status": "done",
        "run": fresh(),
        "results": "s3://nowhere/results/none/",
        "version": {"digest": "d", "label": "v1"},
        "manifest": "s3://nowhere/manifest",
    }
    entry = {"Source": EVENT_SOURCE, "DetailType": RUN_ENDED, "Detail": json.dumps(detail)}
    client(role.world, "events").put_events(Entries=[entry])
    try:
        wait_for(lambda: count() > before, seconds=5, what="a run")
    except AssertionError as error:
        raise StoryFailedError(str(error)) from error


def test_the_machines_and_the_rule_may_do_their_work_and_nothing_else(
    proven: Proven, prover: Prover
) -> None:
    """Each call of the machine, the look at a deadline, the start by an event."""
    for id_, story in (
        ("BatchMachine", machine_compares),
        ("DeadlineMachine", deadline_is_looked_at),
        ("BatchRule", event_starts_a_run),
    ):
        name = {"BatchMachine": "batch_machine", "DeadlineMachine": "batch_deadline"}
        prover.prove(
            name.get(id_, "batch_rule"),
            BatchRole(proven, id_),
            {story.__name__: story},  # type: ignore[dict-item]
        )


def containers_transform(_: Any, role: BatchRole) -> None:
    """A job reads manifest and data of the batch before, and writes its results."""
    proven, sagemaker = role.proven, client(role.world, "sagemaker")
    batch, run = proven.world.batch, fresh()
    manifest = json.dumps([{"prefix": f"{proven.uri}"}, "y.csv"])
    put(proven, f"runs/{run}/m.manifest", manifest.encode())
    name = f"rights-{run}"
    sagemaker.create_transform_job(
        TransformJobName=name,
        ModelName=known(proven, proven.kept).sagemaker_model,
        TransformInput={
            "DataSource": {
                "S3DataSource": {
                    "S3DataType": "ManifestFile",
                    "S3Uri": f"s3://{batch.bucket}/runs/{run}/m.manifest",
                }
            },
            "ContentType": "text/csv",
            "SplitType": "Line",
        },
        TransformOutput={"S3OutputPath": f"s3://{batch.bucket}/results/{run}/"},
        TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
    )

    def ended() -> str | None:
        told = sagemaker.describe_transform_job(TransformJobName=name)
        status = str(told["TransformJobStatus"])
        return None if status == "InProgress" else status

    status = wait_for(ended, seconds=60, what=f"the end of {name}")
    if status != "Completed":
        raise StoryFailedError(f"{name} is {status}")


def test_containers_may_read_their_data_and_write_results_and_nothing_else(
    proven: Proven, prover: Prover
) -> None:
    """The rest of what their role allows is what AWS says that batch transform needs."""
    stories = {containers_transform.__name__: containers_transform}
    prover.prove("batch_containers", BatchRole(proven, "Transform"), stories)  # type: ignore[arg-type]
