"""What a monitor reads of S3, SageMaker and DynamoDB, and where it tells."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.aws import OBSERVATION_TABLE, mocked_aws
from tests.botocore_model import watched_requests
from tests.fakes import FakeClock
from tidegate.errors import ConflictError, InvalidValueError, NotFoundError
from tidegate.metrics import counted
from tidegate.observation import ObservationKey, OutcomeCounts, Unit
from tidegate.ports import Credit
from tidegate.requestlog import Tally
from tidegate_aws import clients, items
from tidegate_aws.announcer import AnnouncementError
from tidegate_aws.capture_files import S3CaptureFiles
from tidegate_aws.counters import DynamoCounters
from tidegate_aws.known_outcomes import CountedOutcomes
from tidegate_aws.monitor_teller import AwsTeller
from tidegate_aws.outcome_ledger import DynamoOutcomeLedger
from tidegate_aws.release_outputs import ReleaseOutputs

BUCKET = "captures"
HOUR = 490_000  # 2025-11-24 16:00 UTC


@dataclass
class Endpoints:
    """SageMaker as far as it says what an endpoint captures, and which variants it has."""

    capture: Mapping[str, Any] | None

    def describe_endpoint(self, EndpointName: str) -> dict[str, Any]:  # noqa: N803 - boto3's name
        """What the service answers."""
        answer: dict[str, Any] = {
            "EndpointName": EndpointName,
            "ProductionVariants": [{"VariantName": "blue"}, {"VariantName": "green"}],
            "ShadowProductionVariants": [{"VariantName": "copy"}],
        }
        return answer if self.capture is None else {**answer, "DataCaptureConfig": self.capture}


CAPTURED = Endpoints({"EnableCapture": True, "DestinationS3Uri": f"s3://{BUCKET}"})


@pytest.fixture
def s3() -> Iterator[Any]:
    """An empty bucket; every request keeps AWS's own rules."""
    with mocked_aws(), watched_requests() as requests:
        clients.s3().create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        yield clients.s3()
    assert requests.faults == []


def test_objects_of_production_variants_are_found_by_their_hour(s3: Any) -> None:
    """Not those of shadows, nor of other hours or endpoints."""
    for key in (
        "e/blue/2025/11/24/16/a.jsonl",
        "e/green/2025/11/24/17/b.jsonl",
        "e/blue/2025/11/24/15/early.jsonl",
        "e/copy/2025/11/24/16/shadow.jsonl",
        "other/blue/2025/11/24/16/x.jsonl",
    ):
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"one\ntwo\n")
    files = S3CaptureFiles(sagemaker=CAPTURED, s3=s3, endpoints=["e"])  # type: ignore[arg-type]

    found = list(files.between(first_hour=HOUR, last_hour=HOUR + 1))

    assert [(one.hour - HOUR, one.key.rpartition("/")[2]) for one in found] == [
        (0, "a.jsonl"),
        (1, "b.jsonl"),
    ]
    assert list(files.lines(found[0])) == ["one", "two"]


def test_an_endpoint_that_captures_nothing_is_told(s3: Any) -> None:
    """In words, not as an empty window."""
    for capture in (None, {"EnableCapture": False, "DestinationS3Uri": "s3://x"}):
        silent: Any = Endpoints(capture)
        files = S3CaptureFiles(sagemaker=silent, s3=s3, endpoints=["e"])
        with pytest.raises(InvalidValueError, match="captures nothing"):
            list(files.between(first_hour=HOUR, last_hour=HOUR))


def test_outcomes_are_those_outside_releases_of_the_intervals_asked_for(s3: Any) -> None:
    """The table is named by the release stack's outputs."""
    for release_id, interval in (("steady/m", 9), ("steady/m", 10), ("r1", 10), ("steady/m", 11)):
        tally = Tally(
            key=ObservationKey(
                release_id=release_id, interval=interval, split_version=0, slot="blue"
            ),
            unit=Unit.REQUEST,
            requests=interval,
            outcomes={0: OutcomeCounts(known=2, wrong=1)},
        )
        counters = DynamoCounters(
            client=clients.dynamodb(), table=OBSERVATION_TABLE, clock=FakeClock()
        )
        counters.add(f"{release_id}-{interval}", [tally])
    stacks: Any = _Stacks({"ObservationTableName": OBSERVATION_TABLE})
    outputs = ReleaseOutputs(client=stacks, stack="shop-dev-release")
    outcomes = CountedOutcomes(outputs=outputs, dynamodb=clients.dynamodb(), model="m")

    found = outcomes.read(first_interval=10, last_interval=10)

    assert [(one.requests, one.outcomes[0].wrong) for one in found] == [(10, 1)]
    nothing: Any = _Stacks({})
    with pytest.raises(NotFoundError, match="deploy it again"):
        CountedOutcomes(
            outputs=ReleaseOutputs(client=nothing, stack="s"),
            dynamodb=clients.dynamodb(),
            model="m",
        ).read(first_interval=0, last_interval=1)


def test_labels_of_single_predictions_are_in_the_same_table(s3: Any) -> None:
    """As the front door credited them; an outcome from before labels were kept is none."""
    ledger = DynamoOutcomeLedger(client=clients.dynamodb(), table=OBSERVATION_TABLE)
    ledger.credit("a" * 32, Credit(expires_at=2e9, wrong=True))
    ledger.credit("b" * 32, Credit(expires_at=2e9, wrong=False))
    clients.dynamodb().put_item(
        TableName=OBSERVATION_TABLE, Item=items.key(f"outcome#{'c' * 32}", "outcome")
    )
    stacks: Any = _Stacks({"ObservationTableName": OBSERVATION_TABLE})
    outputs = ReleaseOutputs(client=stacks, stack="shop-dev-release")
    known = CountedOutcomes(outputs=outputs, dynamodb=clients.dynamodb(), model="m")

    assert known.wrong([letter * 32 for letter in "abcd"]) == {"a" * 32: True, "b" * 32: False}


@dataclass
class _Busy:
    """DynamoDB that answers one key at a time, and leaves the others for later."""

    asked: list[int] = field(default_factory=list)

    def batch_get_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        """The first key is answered."""
        first, *rest = RequestItems["t"]["Keys"]
        self.asked.append(1 + len(rest))
        left = {"t": {"Keys": rest}} if rest else {}
        item = {**first, "wrong": {"BOOL": True}}
        return {"Responses": {"t": [item]}, "UnprocessedKeys": left}


def test_what_a_busy_table_leaves_for_later_is_asked_for_again() -> None:
    """After a pause each time; in the end it is a conflict, which another run makes up for."""
    busy, pauses = _Busy(), list[float]()
    client: Any = busy
    ledger = DynamoOutcomeLedger(client=client, table="t", sleep=pauses.append)

    assert ledger.wrong(["a", "b", "c"]) == {"a": True, "b": True, "c": True}
    assert busy.asked == [3, 2, 1]
    assert len(pauses) == 2
    assert pauses[0] < pauses[1]
    with pytest.raises(ConflictError, match="too busy"):
        ledger.wrong([str(number) for number in range(20)])


@dataclass
class _Stacks:
    outputs: Mapping[str, str]

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803 - boto3's name
        told = [{"OutputKey": k, "OutputValue": v} for k, v in self.outputs.items()]
        return {"Stacks": [{"StackName": StackName, "Outputs": told}]}


@dataclass
class _Bus:
    failed: int
    entries: list[Mapping[str, Any]]

    def put_events(self, Entries: list[Mapping[str, Any]]) -> dict[str, Any]:  # noqa: N803
        self.entries.extend(Entries)
        return {"FailedEntryCount": self.failed, "Entries": [{"ErrorMessage": "no"}]}


def test_a_view_is_kept_a_metric_written_and_an_event_put(s3: Any) -> None:
    """Each where people and programs look for it."""
    lines: list[str] = []
    bus = _Bus(failed=0, entries=[])
    teller = AwsTeller(
        s3=s3,
        events=bus,
        bucket=BUCKET,
        event_bus_name="default",
        clock=FakeClock(),
        write=lines.append,
    )
    teller.keep({"word": "steady"})
    teller.measure(counted("MonitoringFindings", 2, Model="m"))
    teller.announce({"model": "m", "new": ["x"]})

    kept = s3.get_object(Bucket=BUCKET, Key="report.json")["Body"].read()
    assert json.loads(kept) == {"word": "steady"}
    assert json.loads(lines[0])["MonitoringFindings"] == 2
    (entry,) = bus.entries
    assert (entry["Source"], entry["DetailType"]) == (
        "tidegate",
        "Tidegate Monitoring State Change",
    )
    bus.failed = 1
    with pytest.raises(AnnouncementError, match="was refused: no"):
        teller.announce({"model": "m"})
