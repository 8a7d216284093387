"""Offline inference, told as users see it: data sets in, a result for each record out."""

import json
from collections.abc import Iterator

import pytest

from emulator import deployer
from emulator.server import EmbeddedCloud
from tests.e2e.batches import PROJECT, BatchWorld, Offline, rows
from tests.e2e.leaving import remove_stacks
from tests.e2e.world import wait_for
from tidegate.batch.run import RunRecord, Status

pytestmark = pytest.mark.accept

V1 = Offline(name="v1", poison=6.0, kills=510.0, waits=3010.0)
LIKE = Offline(name="v2", slope=2.01, poison=6.0)
UNLIKE = Offline(name="v3", slope=4.0, poison=6.0)
BROKEN = Offline(name="v4", broken=True)


@pytest.fixture(scope="module")
def world(
    batch_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BatchWorld]:
    """A model that is offline only, deployed, which fails on store 6."""
    made = BatchWorld(cloud=batch_cloud, folder=tmp_path_factory.mktemp("offline"), name="offline")
    made.deploy(V1)
    yield made
    remove_stacks(batch_cloud, "offline-")


def empty(world: BatchWorld) -> None:
    """No data set is in the bucket."""
    for key in world.keys("input/"):
        world.s3.delete_object(Bucket=world.batch.bucket, Key=key)


def test_a_data_set_is_transformed_and_a_poisoned_record_is_kept_apart(world: BatchWorld):
    """Each record has its answer beside it, once; the one that fails is named with its line."""
    empty(world)
    world.put("a.csv", rows(40))
    world.put("b.csv", rows(40, first=100))
    said = world.tidegate("batch", "run", "demand", "--json")
    assert said.code == 0, (said.out, said.err)
    report = said.json()
    assert (report["records"], report["out"], report["failed"], report["open"]) == (80, 79, 1, 0)
    asked = [line for line in (rows(40) + rows(40, first=100)).splitlines() if line[:2] != "6,"]
    answered = [f"{line},{2.0 * float(line.split(',')[1]):.3f}" for line in asked]
    assert sorted(answered) == world.results(report["run"])
    (failed,) = [json.loads(world.text_of(key)) for key in world.keys(f"failed/{report['run']}/")]
    assert (failed["object"], failed["line"], failed["record"]) == ("a.csv", 7, "6,6.5")
    assert report["cost"]["usd"] > 0
    assert "estimate" in report["cost"]["said"]


def test_a_faulty_data_set_is_refused_with_all_faults_before_anything_is_paid_for(
    world: BatchWorld,
):
    """Schema, emptiness, content type, a header, each with object and line; no job is made."""
    empty(world)
    bucket = world.batch.bucket
    world.put("bad.csv", "1,2\n2\nx,3\n-4,5\n")
    world.put("empty.csv", "")
    world.put("header.csv", "store,price\n1,2\n")
    world.s3.put_object(
        Bucket=bucket, Key="input/other.csv", Body=b"1,2\n", ContentType="application/json"
    )
    said = world.tidegate("batch", "run", "demand", "--json")
    assert said.code == 3, (said.out, said.err)
    report = said.json()
    assert (report["status"], report["jobs"]) == ("refused", [])
    found = {(f["object"].rpartition("/")[2], f["line"]) for f in report["faults"]["faults"]}
    assert found == {
        ("bad.csv", 2),
        ("bad.csv", 3),
        ("bad.csv", 4),
        ("empty.csv", None),
        ("header.csv", 1),
        ("other.csv", None),
    }


def test_a_killed_worker_loses_and_doubles_nothing(world: BatchWorld):
    """The container dies on a record once; every record has one answer all the same."""
    empty(world)
    world.put("k.csv", rows(30, first=500))
    said = world.tidegate("batch", "run", "demand", "--json")
    assert said.code == 0, (said.out, said.err)
    report = said.json()
    assert (report["records"], report["out"], report["failed"]) == (30, 30, 0)
    assert len(world.results(report["run"])) == 30


def test_a_run_that_was_stopped_goes_on_where_it_was_and_nothing_is_done_twice(world: BatchWorld):
    """A half-written result and what was not come to are made; what has its result is not."""
    empty(world)
    (world.folder / "go").unlink(missing_ok=True)
    for number in range(4):
        world.put(f"r{number}.csv", rows(20, first=1000 * (number + 1)))
    started = world.tidegate("batch", "run", "demand", "--detach", "--json").json()["run"]
    batch, first = world.batch, f"results/{started}/r0.csv.out"
    wait_for(lambda: len(world.keys(f"results/{started}/")) == 2, seconds=60, what="two results")
    batch.machines.stop_execution(executionArn=batch.execution(batch.known(started)))
    (world.folder / "go").touch()
    wait_for(lambda: batch.stalled(batch.known(started)), seconds=30, what="the stop")
    wait_for(lambda: not jobs_under_way(world, started), seconds=60, what="the end of its job")
    half = f"results/{started}/r1.csv.out"
    world.s3.put_object(Bucket=batch.bucket, Key=half, Body=world.text_of(half)[:100].encode())
    kept = world.s3.head_object(Bucket=batch.bucket, Key=first)["LastModified"]
    assert world.tidegate("batch", "status", "demand", "--run", started, "--json").json()["stalled"]
    said = world.tidegate("batch", "run", "demand", "--resume", started, "--json")
    assert said.code == 0, (said.out, said.err)
    assert (said.json()["records"], said.json()["out"]) == (80, 80)
    assert len(world.results(started)) == len(set(world.results(started))) == 80
    assert world.s3.head_object(Bucket=batch.bucket, Key=first)["LastModified"] == kept


def test_a_schedule_starts_a_run_and_an_alarm_tells_that_it_is_late(world: BatchWorld):
    """The rule fires by the cloud's clock; at the deadline, and not before, the alarm goes off."""
    empty(world)
    (world.folder / "go").unlink(missing_ok=True)
    world.put("late.csv", rows(20, first=3000))
    world.text = PROJECT.replace(
        "sla: 12h", 'sla: 5m\n      start: schedule\n      schedule: "rate(5 minutes)"'
    )
    world.deploy(V1)
    assert alarm(world, "BatchLate") == "OK"
    record = wait_for(lambda: scheduled(world), seconds=60, what="a run by schedule")
    disable_rules(world)
    assert record.because == "its schedule is rate(5 minutes)"
    wait_for(lambda: alarm(world, "BatchLate") == "ALARM", seconds=60, what="the alarm")
    running = world.batch.known(record.run)
    assert running.status is Status.RUNNING
    assert world.cloud.clock.now() >= record.started_at + 300
    assert alarm(world, "BatchFailed") == "OK"
    (world.folder / "go").touch()
    wait_for(lambda: world.batch.known(record.run).status.over, seconds=60, what="its end")
    assert world.batch.known(record.run).out == 20
    wait_for(lambda: alarm(world, "BatchLate") == "OK", seconds=60, what="the end of the alarm")
    world.text = PROJECT


def scheduled(world: BatchWorld) -> RunRecord | None:
    """The newest run that a schedule started."""
    found = [one for one in world.batch.runs.newest(1) if "its schedule" in one.because]
    return found[0] if found else None


def alarm(world: BatchWorld, id_: str) -> str:
    """The state of an alarm of the batch's stack."""
    client = world.cloud.session().client("cloudwatch")
    (found,) = client.describe_alarms(AlarmNames=[physical(world, id_)])["MetricAlarms"]
    return str(found["StateValue"])


def disable_rules(world: BatchWorld) -> None:
    """No other run starts by schedule."""
    world.cloud.session().client("events").disable_rule(Name=physical(world, "BatchRule"))


def physical(world: BatchWorld, id_: str) -> str:
    """The name of a resource of the batch's stack."""
    client = world.cloud.session().client("cloudformation")
    stack = "offline-test-batch-demand"
    told = client.describe_stack_resource(StackName=stack, LogicalResourceId=id_)
    return str(told["StackResourceDetail"]["PhysicalResourceId"])


def jobs_under_way(world: BatchWorld, run: str) -> list[str]:
    """Transform jobs of a run that have not ended."""
    told = world.cloud.session().client("sagemaker").list_transform_jobs(NameContains=run)
    return [
        job["TransformJobName"]
        for job in told["TransformJobSummaries"]
        if job["TransformJobStatus"] in {"InProgress", "Stopping"}
    ]


def test_a_new_version_takes_over_or_is_refused_with_figures(world: BatchWorld):
    """Like answers take over, unlike ones and none at all do not; the live one stays then."""
    empty(world)
    world.put("c.csv", rows(300, first=2000))
    assert world.tidegate("batch", "run", "demand").code == 0
    world.deploy(UNLIKE)
    said = world.tidegate("batch", "compare", "demand", "--json")
    assert said.code == 4, (said.out, said.err)
    assert said.json()["agreement"]["share"] == 0
    assert live(world) == "v1"
    world.deploy(BROKEN)
    said = world.tidegate("batch", "compare", "demand")
    assert said.code == 4, (said.out, said.err)
    assert "it is the model that fails" in said.out
    world.deploy(LIKE)
    said = world.tidegate("batch", "compare", "demand", "--json")
    assert said.code == 0, (said.out, said.err)
    assert said.json()["verdict"] == "take-over"
    assert live(world) == "v2"
    report = world.tidegate("batch", "run", "demand", "--json").json()
    assert report["label"] == "v2"
    assert world.tidegate("batch", "promote", "demand", "--why", "the way back").code == 0
    assert live(world) == "v1"


def test_a_deploy_that_knows_no_pointer_changes_nothing_that_is_live(world: BatchWorld):
    """A bare `cdk deploy` of a new version is refused before the live one is touched."""
    before = world.batch.runs.pointer()
    with pytest.raises(deployer.StackFailedError, match="is live with version"):
        world.deploy_plainly(Offline(name="v9", slope=9.0))
    assert world.batch.runs.pointer() == before


def live(world: BatchWorld) -> str:
    """The version that the next run takes."""
    pointer = world.batch.runs.pointer()
    assert pointer is not None
    return str(pointer["version"]["label"])
