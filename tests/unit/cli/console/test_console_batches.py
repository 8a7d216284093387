"""Runs of batches in the console: which there are, how one stands, its report."""

import json
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cli.batches import Batch, _standing
from cli.batchwords import batch_json, batch_lines
from cli.console.answers import Answers
from cli.console.batches import BatchReader
from cli.console.reader import Reader
from cli.console.server import static_file
from tests.batch_fakes import FakeBatch, numbered
from tests.cli_world import CliWorld
from tests.html_page import Page


@dataclass
class Outside:
    """S3 and Step Functions of a batch of fakes; `dead` are the executions that ended."""

    fake: FakeBatch
    dead: set[str] = field(default_factory=set)

    def get_object(self, **request: Any) -> dict[str, Any]:
        """GetObject."""
        content = self.fake.objects.content.get((request["Bucket"], request["Key"]))
        if content is None:
            raise ClientError({"Error": {"Code": "NoSuchKey", "Message": ""}}, "GetObject")
        return {"Body": BytesIO(content)}

    def describe_execution(self, **request: Any) -> dict[str, Any]:
        """DescribeExecution."""
        name = request["executionArn"].rpartition(":")[2]
        return {"status": "ABORTED" if name in self.dead else "RUNNING"}


@dataclass
class Console:
    """A console over one batch; its moment is the test's."""

    fake: FakeBatch
    outside: Outside
    answers: Answers
    batch: Batch
    at: float = 0.0

    def page(self, path: str) -> str:
        """A page that is there."""
        answer = self.answers.get(path)
        assert answer.status == 200, answer.body
        return answer.body.decode()


@pytest.fixture
def console(world: CliWorld) -> Console:
    """A batch with three records, one of which fails."""
    fake = FakeBatch()
    fake.put("a.csv", numbered(3))
    outside = Outside(fake)
    batch = Batch(
        model="demand",
        bucket=fake.ports.bucket,
        machine="arn:aws:states:us-east-1:123456789012:stateMachine:m",
        runs=fake.runs,  # type: ignore[arg-type]
        s3=outside,
        machines=outside,
    )
    made = Console(fake, outside, Answers(Reader(world.deployed())), batch)
    reader = BatchReader(
        lambda: [batch],
        cloud_now=lambda: fake.clock.now() + 90,
        refresh_seconds=5.0,
        now=lambda: made.at,
    )
    made.answers = Answers(Reader(world.deployed()), reader)
    return made


def test_a_run_is_listed_with_its_counts_and_leads_to_its_report(console: Console):
    """State, duration and a link; the report's page has results, cost and jobs."""
    record = console.fake.run({"because": "<ada>"})
    overview = console.page("/pages/overview")
    link = f"/batches/demand/{record.run}"
    assert f'href="{link}"' in overview
    assert "&lt;ada&gt;" in overview
    page = console.page(f"/pages{link}")
    report = console.fake.document(f"runs/{record.run}/report.json")
    assert report["cost"]["said"] in page
    assert f"s3://{console.batch.bucket}/results/{record.run}/" in page
    assert Page(page).open == Page(overview).open == []
    assert static_file(link) is not None


def test_a_run_that_goes_on_is_told_by_its_time_so_far(console: Console):
    """And one that nothing works on, with what to do."""
    work = console.fake.started({}, execution="one")
    (run,) = json.loads(console.answers.get("/api/batches").body)["runs"]
    assert (run["run"], run["seconds"], run["stalled"]) == (work.record.run, 90.0, False)
    console.outside.dead.add("one")
    assert not json.loads(console.answers.get("/api/batches").body)["runs"][0]["stalled"]
    console.at += 5.0
    assert json.loads(console.answers.get("/api/batches").body)["runs"][0]["stalled"]
    page = console.page(f"/pages/batches/demand/{work.record.run}")
    assert f"tidegate batch run demand --resume {work.record.run}" in page


def test_a_refused_run_says_what_is_wrong_with_its_input(console: Console):
    """Object and line of each fault."""
    console.fake.put("b.csv", "x,1\n")
    record = console.fake.run({})
    assert "b.csv:1: " in console.page(f"/pages/batches/demand/{record.run}")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/pages/batches/other/r", "no batch of other is deployed; deployed: demand"),
        ("/pages/batches/demand/r", "the batch of demand has no run r"),
        ("/pages/batches/demand", "nothing is at"),
    ],
)
def test_what_is_not_there_is_said(console: Console, path: str, said: str):
    """With what there is."""
    answer = console.answers.get(path)
    assert answer.status == 404
    assert said in json.loads(answer.body)["error"]


def test_a_deploy_tells_how_the_last_run_ended(console: Console):
    """And how to start the first one; who may not look at runs is told what is live."""
    assert batch_lines([_standing(console.batch, looked=True)])[-1].endswith(
        "'tidegate batch run demand' starts a run"
    )
    record = console.fake.run({})
    standing = _standing(console.batch, looked=True)
    assert batch_lines([standing])[-1] == (
        f"batch of demand: run {record.run} is done: 3 of 3 records have a result"
    )
    assert batch_json(standing)["last_run"]["run"] == record.run
    unseen = _standing(console.batch, looked=False)
    assert batch_lines([unseen]) == batch_lines([standing])[:-1]
    assert batch_json(unseen)["last_run"] is None
