"""How far a run is, asked of S3."""

from collections import Counter
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from cli.batches import Batch
from tests.batch_fakes import FakeBatch, numbered


@dataclass
class CountingS3:
    """The objects of a batch of fakes, and how often each operation was asked for."""

    fake: FakeBatch
    asked: Counter[str] = field(default_factory=Counter)

    def list_objects_v2(self, **request: Any) -> dict[str, Any]:
        """ListObjectsV2."""
        self.asked["list"] += 1
        keys = sorted(key for _, key in self.fake.objects.content)
        return {"Contents": [{"Key": key} for key in keys if key.startswith(request["Prefix"])]}

    def get_object(self, **request: Any) -> dict[str, Any]:
        """GetObject."""
        self.asked["get"] += 1
        return {"Body": BytesIO(self.fake.objects.content[request["Bucket"], request["Key"]])}


def _poisoned(line: str) -> str:
    if line.startswith("7,"):
        raise ValueError(line)
    return line.split(",")[1]


def test_a_look_at_a_run_takes_two_requests_however_many_rounds_there_were():
    """And none of them is for a round that is over."""
    fake = FakeBatch()
    fake.jobs.answer = _poisoned
    fake.put("a.csv", numbered(40))
    record = fake.run({})
    s3 = CountingS3(fake)
    batch = Batch(
        model="demand",
        bucket=fake.ports.bucket,
        machine="m",
        runs=fake.runs,  # type: ignore[arg-type]
        s3=s3,
        machines=None,
    )
    found = batch.round(record)
    assert found is not None
    assert (found.number, found.out, found.failed) == (3, record.out, 1)
    assert s3.asked == {"list": 1, "get": 1}


def test_before_the_validation_there_is_no_round():
    """Nothing is asked for then."""
    fake = FakeBatch()
    record = fake.started({}).record
    s3 = CountingS3(fake)
    batch = Batch(model="d", bucket="b", machine="m", runs=fake.runs, s3=s3, machines=None)  # type: ignore[arg-type]
    assert batch.round(record) is None
    assert s3.asked == {"list": 1}
