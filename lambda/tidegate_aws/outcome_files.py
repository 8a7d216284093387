"""Files of outcomes in S3: read as a stream, unpacked on the way, their results beside them."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tidegate.outcomefiles.formats import RESULT_SUFFIX, format_of
from tidegate.outcomefiles.ports import UnreadableFileError
from tidegate.outcomefiles.progress import Progress
from tidegate_aws.errors import code_of

PART_BYTES = 65_536
_GZIP = 16 + zlib.MAX_WBITS
_CHANGED = frozenset({"PreconditionFailed", "412", "NoSuchKey", "404"})
_BEYOND = frozenset({"InvalidRange", "416"})


@dataclass(frozen=True, slots=True, kw_only=True)
class S3OutcomeFile:
    """Port `OutcomeFile` over one object of a bucket, told by its ETag: never another's content."""

    client: Any
    bucket: str
    key: str
    etag: str

    @property
    def name(self) -> str:
        """The object's key."""
        return self.key

    @property
    def import_id(self) -> str:
        """A digest of bucket, key and content."""
        identity = "\0".join((self.bucket, self.key, self.etag.strip('"')))
        return hashlib.sha256(identity.encode()).hexdigest()[:32]

    @contextmanager
    def parts(self, *, position: int) -> Iterator[Iterator[bytes]]:
        """The unpacked content from a position on.

        A packed file is unpacked from its beginning: that is quick, and gzip knows no other way.
        """
        format_ = format_of(self.key)
        packed = format_ is not None and format_.packed
        body = self._body(0 if packed else position)
        try:
            raw = _read(body)
            yield _skipped(_unpacked(raw), position) if packed else raw
        finally:
            body.close()

    def write_result(self, progress: Progress) -> None:
        """The result is the object with the file's key and `.result.json`."""
        self.client.put_object(
            Bucket=self.bucket,
            Key=f"{self.key}{RESULT_SUFFIX}",
            Body=json.dumps(progress.to_json(), indent=2).encode(),
            ContentType="application/json",
        )

    def _body(self, position: int) -> Any:
        from botocore.exceptions import ClientError  # noqa: PLC0415 - botocore takes 40 ms

        wanted = {} if position == 0 else {"Range": f"bytes={position}-"}
        try:
            answer = self.client.get_object(
                Bucket=self.bucket, Key=self.key, IfMatch=self.etag, **wanted
            )
        except ClientError as error:
            if code_of(error) in _BEYOND:
                return _Empty()
            if code_of(error) in _CHANGED:
                raise UnreadableFileError("the file was replaced or removed") from error
            raise
        return answer["Body"]


class _Empty:
    """The content after a file's end."""

    def iter_chunks(self, _size: int) -> Iterator[bytes]:
        """Nothing."""
        return iter(())

    def close(self) -> None:
        """Nothing is open."""


def _read(body: Any) -> Iterator[bytes]:
    from botocore.exceptions import HTTPClientError  # noqa: PLC0415 - botocore takes 40 ms
    from urllib3.exceptions import HTTPError  # noqa: PLC0415

    try:
        yield from body.iter_chunks(PART_BYTES)
    except (HTTPClientError, HTTPError) as error:
        # Not the file's fault: the run fails, and the next one goes on from its progress.
        raise ConnectionError(f"the file could not be read on: {error}") from error


def _unpacked(parts: Iterator[bytes]) -> Iterator[bytes]:
    """The content of gzip members one after the other, never more than a part at once."""
    unpacking = zlib.decompressobj(_GZIP)
    begun = False
    try:
        for part in parts:
            rest = part
            while rest:
                if unpacking.eof:
                    unpacking, begun = zlib.decompressobj(_GZIP), False
                begun = True
                yield unpacking.decompress(rest, PART_BYTES)
                rest = unpacking.unused_data if unpacking.eof else unpacking.unconsumed_tail
        yield unpacking.flush()
    except zlib.error as error:
        raise UnreadableFileError("it is no valid gzip") from error
    if begun and not unpacking.eof:
        raise UnreadableFileError("its gzip ends too early")


def _skipped(parts: Iterator[bytes], position: int) -> Iterator[bytes]:
    left = position
    for part in parts:
        if left < len(part):
            yield part[left:]
        left = max(0, left - len(part))
