"""Files of outcomes: put into the stage's bucket, and followed until they are imported.

The bucket's import does the work, so it goes on when this process ends. The object is named by the
file's content: the same file again is the same import, which is followed and not begun anew.
"""

import gzip
import hashlib
import itertools
import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from cli.deployed import Deployed
from cli.exits import CommandError, Exit
from tidegate.outcomefiles.formats import NAMES, format_of
from tidegate.outcomefiles.ports import ImportLog
from tidegate.outcomefiles.progress import Progress
from tidegate_aws.errors import ABSENT_OBJECT, code_of
from tidegate_aws.import_log import DynamoImportLog
from tidegate_aws.outcome_files import S3OutcomeFile

_DIGITS = 12
_READ_BYTES = 1 << 20
_PAUSE = threading.Event()


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeBucket:
    """Where a stage takes files of outcomes, and what is known of their imports."""

    s3: Any
    bucket: str
    log: ImportLog

    def uploaded(self, path: Path, *, done: Callable[[int], None]) -> S3OutcomeFile:
        """The file in the bucket; one that is there and known is left as it is."""
        key = key_of(path)
        there = self._there(key)
        if there is not None and self.log.load(there.import_id) is not None:
            done(path.stat().st_size)
            return there
        self.s3.upload_file(str(path), self.bucket, key, Callback=done)
        put = self._there(key)
        if put is None:
            raise CommandError(f"{key} is not in {self.bucket}: somebody removed it, try again")
        return put

    def _there(self, key: str) -> S3OutcomeFile | None:
        try:
            found = self.s3.head_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if code_of(error) in ABSENT_OBJECT:
                return None
            raise
        etag = str(found["ETag"])
        return S3OutcomeFile(client=self.s3, bucket=self.bucket, key=key, etag=etag)

    def follow(self, file: S3OutcomeFile, *, every_seconds: float) -> Iterator[Progress | None]:
        """How far the import is, again and again until it is over; None before it began."""
        while True:
            progress = self.log.load(file.import_id)
            yield progress
            if progress is not None and progress.state.over:
                return
            _PAUSE.wait(every_seconds)


def outcome_bucket(deployed: Deployed) -> OutcomeBucket:
    """The bucket of a deployed stage; CommandError says how to have one."""
    bucket = deployed.outputs.get("OutcomeBucketName")
    if bucket is None:
        raise CommandError(
            f"stage {deployed.stage} takes no files of outcomes: write 'outcome_files: {{}}' into "
            "the stage in the project file and run 'tidegate deploy'",
            code=Exit.REFUSED,
        )
    client = deployed.target.client
    table = deployed.outputs["ObservationTableName"]
    log = DynamoImportLog(client=client("dynamodb"), table=table)
    return OutcomeBucket(s3=client("s3"), bucket=bucket, log=log)


def key_of(path: Path) -> str:
    """The object's key: the file's name with a digest of its content."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while part := stream.read(_READ_BYTES):
            digest.update(part)
    stem, dot, ending = path.name.partition(".")
    return f"{stem}-{digest.hexdigest()[:_DIGITS]}{dot}{ending}"


def lines_in(path: Path) -> int:
    """How many lines a file has; CommandError for one that is not there or not understood."""
    if not path.is_file():
        raise CommandError(f"{path} does not exist or is a folder", code=Exit.USAGE)
    format_ = format_of(path.name)
    if format_ is None:
        raise CommandError(f"{path.name}: the name must end in one of {NAMES}", code=Exit.USAGE)
    try:
        with gzip.open(path) if format_.packed else path.open("rb") as stream:
            parts = iter(lambda: stream.read(_READ_BYTES), b"")
            last, count = b"\n", 0
            for part in parts:
                count, last = count + part.count(b"\n"), part[-1:]
            return count + (last != b"\n")
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise CommandError(f"{path} is no valid gzip: {error}", code=Exit.USAGE) from error


def patiently(found: Iterator[Progress | None], *, looks: int) -> Iterator[Progress | None]:
    """The same, but CommandError if after so many looks no import has begun."""
    for number in itertools.count(1):
        progress = next(found, None)
        if progress is None and number >= looks:
            raise CommandError(
                "the file is in the bucket, and its import has not begun: see the executions of "
                "the stage's import machine"
            )
        yield progress
        if progress is not None and progress.state.over:
            return
