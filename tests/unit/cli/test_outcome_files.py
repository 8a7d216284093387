"""Files of outcomes go into the bucket once, and are followed to their end."""

import gzip
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cli.exits import CommandError
from cli.outcomefiles import OutcomeBucket, key_of, lines_in, outcome_bucket, patiently
from tests.aws import mocked_aws
from tests.cli_world import CliWorld
from tests.imports import FakeImportLog
from tidegate.outcomefiles.progress import Progress, State
from tidegate_aws import clients

BUCKET = "outcomes"
BEGUN = Progress(import_id="i", name="labels.csv", started_at=0.0)
OVER = BEGUN.ended(State.DONE, at=1.0)


@pytest.fixture
def bucket() -> Iterator[OutcomeBucket]:
    """An empty bucket, and no import."""
    with mocked_aws():
        clients.s3().create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        yield OutcomeBucket(s3=clients.s3(), bucket=BUCKET, log=FakeImportLog())


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    """A file."""
    path = tmp_path / "labels.csv"
    path.write_text("prediction_id,wrong\na.b,true\n")
    return path


def versions(key: str) -> str:
    """When the object was put."""
    return str(clients.s3().head_object(Bucket=BUCKET, Key=key)["LastModified"])


def test_the_key_is_the_name_with_a_digest_of_the_content(labels: Path):
    """Another content is another object, and the ending stays, which tells the format."""
    first = key_of(labels)
    labels.write_text("prediction_id,wrong\nc.d,true\n")
    assert first != key_of(labels)
    assert (first[:7], first[-4:]) == ("labels-", ".csv")


def test_a_file_is_put_and_then_left(bucket: OutcomeBucket, labels: Path):
    """Once its import is known, the same file is not put again: that would begin another."""
    sizes: list[int] = []
    first = bucket.uploaded(labels, done=sizes.append)
    assert sum(sizes) == labels.stat().st_size
    bucket.log.save(replace(BEGUN, import_id=first.import_id), after=None)
    clients.s3().put_object_tagging(
        Bucket=BUCKET, Key=first.key, Tagging={"TagSet": [{"Key": "k", "Value": "v"}]}
    )
    assert bucket.uploaded(labels, done=sizes.append) == first
    tags = clients.s3().get_object_tagging(Bucket=BUCKET, Key=first.key)["TagSet"]
    assert tags == [{"Key": "k", "Value": "v"}]


def test_an_import_is_followed_to_its_end(bucket: OutcomeBucket, labels: Path):
    """None before it began."""
    file = bucket.uploaded(labels, done=lambda _: None)
    looks = bucket.follow(file, every_seconds=0.001)
    assert next(looks) is None
    own = replace(OVER, import_id=file.import_id)
    bucket.log.save(own, after=None)
    assert list(looks) == [own]


def test_an_import_that_never_begins_is_an_error():
    """The message says where to look."""
    with pytest.raises(CommandError, match="import machine"):
        list(patiently(iter([None] * 5), looks=3))
    assert list(patiently(iter([None, BEGUN, BEGUN, BEGUN, OVER]), looks=2)) == [
        None,
        BEGUN,
        BEGUN,
        BEGUN,
        OVER,
    ]


@pytest.mark.parametrize(("content", "lines"), [("a\nb\n", 2), ("a\nb", 2), ("", 0)])
def test_lines_are_counted_packed_or_not(tmp_path: Path, content: str, lines: int):
    """For the bar."""
    plain, packed = tmp_path / "a.jsonl", tmp_path / "a.jsonl.gz"
    plain.write_text(content)
    packed.write_bytes(gzip.compress(content.encode()))
    assert (lines_in(plain), lines_in(packed)) == (lines, lines)


def test_a_file_that_is_none_is_refused_before_anything_is_sent(tmp_path: Path):
    """Missing, of another kind, or damaged."""
    (tmp_path / "a.txt").write_text("x")
    (tmp_path / "a.csv.gz").write_bytes(b"no gzip")
    for name in ("none.csv", "a.txt", "a.csv.gz"):
        with pytest.raises(CommandError):
            lines_in(tmp_path / name)


def test_a_stage_without_a_bucket_says_how_to_have_one(world: CliWorld):
    """It is opt-in."""
    with pytest.raises(CommandError, match="outcome_files"):
        outcome_bucket(world.deployed())


def test_the_command_refuses_a_stage_without_a_bucket(world: CliWorld, labels: Path):
    """With the exit code of a refusal."""
    said = world.run("outcomes", "import", str(labels))
    assert said.code == 3
    assert "outcome_files" in said.err
