"""Least privilege of a batch: its functions, machines, rule, and the role of its containers."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from emulator.server import EmbeddedCloud
from tests.e2e.batch_rights import (
    LIKE,
    NEXT,
    POISONED,
    SOUND,
    V1,
    BatchRole,
    Proven,
    begin,
    drop,
    ended,
    expect,
    fresh,
    known,
    live_is,
    put,
    run_ended,
)
from tests.e2e.batches import PROJECT, BatchWorld
from tests.e2e.leaving import remove_stacks
from tests.e2e.roles import Prover, StoryFailedError, client
from tests.e2e.test_guardrail_privileges import response_url
from tests.e2e.world import wait_for
from tidegate.batch.run import EVENT_SOURCE, RUN_ENDED, Purpose, Status
from tidegate.slots import Slot

pytestmark = pytest.mark.accept


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
    begun = [begin(made) for _ in range(2)]
    made.torn, made.kept = (run_ended(made, run) for run in begun)
    world.deploy(LIKE)
    said = world.tidegate("batch", "compare", "stock", "--json")
    assert said.code == 0, (said.out, said.err)
    (newest,) = world.batch.runs.newest(1)
    made.compared = newest.run
    yield made
    remove_stacks(batch_cloud, "rights-")


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
