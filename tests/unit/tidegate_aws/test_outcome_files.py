"""Files of outcomes in S3, and the progress of their imports."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.aws import OBSERVATION_TABLE, mocked_aws
from tests.botocore_model import watched_requests
from tests.imports import FakeImportLog
from tidegate.errors import ConflictError
from tidegate.outcomefiles.ports import ImportLog, UnreadableFileError
from tidegate.outcomefiles.progress import Progress, RefusedLine, State
from tidegate_aws import clients
from tidegate_aws.import_log import DynamoImportLog
from tidegate_aws.outcome_files import PART_BYTES, S3OutcomeFile, _unpacked

BUCKET = "outcomes"
CONTENT = b"".join(b"line %d\n" % n for n in range(20_000))


@pytest.fixture
def bucket() -> Iterator[None]:
    """An empty bucket; every request keeps AWS's own rules."""
    with mocked_aws(), watched_requests() as requests:
        clients.s3().create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        yield
    assert requests.faults == []


def put(key: str, body: bytes) -> S3OutcomeFile:
    """The object as a file."""
    etag = clients.s3().put_object(Bucket=BUCKET, Key=key, Body=body)["ETag"]
    return S3OutcomeFile(client=clients.s3(), bucket=BUCKET, key=key, etag=etag)


@pytest.mark.usefixtures("bucket")
@pytest.mark.parametrize("position", [0, 1, PART_BYTES, PART_BYTES + 7, len(CONTENT)])
@pytest.mark.parametrize(
    ("key", "body"),
    [
        ("a.csv", CONTENT),
        ("a.csv.gz", gzip.compress(CONTENT)),
        ("b.csv.gz", gzip.compress(CONTENT[:5]) + gzip.compress(CONTENT[5:])),
    ],
)
def test_a_file_is_read_from_any_position(key: str, body: bytes, position: int):
    """Packed or not; the position is in what is packed."""
    with put(key, body).parts(position=position) as parts:
        found = list(parts)
    assert b"".join(found) == CONTENT[position:]
    assert max((len(part) for part in found), default=0) <= PART_BYTES


@pytest.mark.usefixtures("bucket")
@pytest.mark.parametrize(
    "body",
    [b"no gzip", gzip.compress(CONTENT)[:-9], gzip.compress(b"x") + b"rest"],
    ids=["no archive", "cut short", "something after it"],
)
def test_a_damaged_archive_is_an_error(body: bytes):
    """Never a file that ends early."""
    file = put("a.csv.gz", body)
    with pytest.raises(UnreadableFileError), file.parts(position=0) as parts:
        list(parts)


@given(content=st.binary(max_size=2_000), size=st.integers(1, 100))
def test_an_archive_in_parts_of_any_size_is_the_same(content: bytes, size: int):
    """However the network cuts it."""
    packed = gzip.compress(content)
    parts = (packed[i : i + size] for i in range(0, len(packed), size))
    assert b"".join(_unpacked(parts)) == content


def test_an_archive_that_unpacks_to_much_does_so_in_parts():
    """A small file cannot fill the memory."""
    bomb = gzip.compress(b"\0" * 20_000_000)
    assert max(len(part) for part in _unpacked(iter([bomb]))) <= PART_BYTES


@pytest.mark.usefixtures("bucket")
def test_another_file_in_its_place_is_an_error():
    """What began with one content does not go on with another."""
    file = put("a.csv", b"first")
    other = put("a.csv", b"second")
    assert file.import_id != other.import_id
    with pytest.raises(UnreadableFileError, match="replaced"), file.parts(position=0):
        pass


@pytest.mark.usefixtures("bucket")
def test_the_result_is_beside_the_file():
    """For whoever put it there."""
    file = put("day/a.csv", b"x")
    file.write_result(PROGRESS)
    answer = clients.s3().get_object(Bucket=BUCKET, Key="day/a.csv.result.json")
    assert json.loads(answer["Body"].read()) == PROGRESS.to_json()


PROGRESS = Progress(
    import_id="i1",
    name="a.csv",
    started_at=5.0,
    columns=("prediction_id", "wrong"),
    counts={"credited": 1, "late": 1},
    refused=(RefusedLine(line=2, reason="late", why="it came after 60 s"),),
    faults=("a fault",),
)


@pytest.fixture(params=["fake", "moto"])
def log(request: pytest.FixtureRequest) -> Iterator[ImportLog]:
    """No import."""
    if request.param == "fake":
        yield FakeImportLog()
        return
    with mocked_aws(), watched_requests() as requests:
        yield DynamoImportLog(client=clients.dynamodb(), table=OBSERVATION_TABLE)
    assert requests.faults == []


def test_progress_is_stored_and_read_back(log: ImportLog):
    """All of it."""
    assert log.load("i1") is None
    log.save(PROGRESS, after=None)
    assert log.load("i1") == PROGRESS


def test_progress_goes_on_from_where_it_is(log: ImportLog):
    """Two runs of one import cannot both go on."""
    log.save(PROGRESS, after=None)
    with pytest.raises(ConflictError):
        log.save(PROGRESS, after=None)
    further = replace(PROGRESS, position=10)
    log.save(further, after=PROGRESS)
    with pytest.raises(ConflictError):
        log.save(replace(PROGRESS, position=20), after=PROGRESS)
    log.save(further.ended(State.DONE, at=9.0), after=further)
    found = log.load("i1")
    assert found is not None
    assert found.state is State.DONE
