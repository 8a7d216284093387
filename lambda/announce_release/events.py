"""Batches of the release table's stream: which items were written, and what they say."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tidegate.release import LogEntry, ReleaseRecord

_RELEASE, _LOG, _RECORD = "release#", "log#", "record"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """An item that was written: a record, or an entry of a release's log."""

    position: str
    """The sequence number in the stream, by which a batch is continued."""
    release_id: str
    sequence: str
    entry: LogEntry | None
    record: ReleaseRecord | None


def written(event: Mapping[str, Any]) -> Iterator[Written]:
    """The records and log entries in a batch, in their order; other items are passed over."""
    for change in event["Records"]:
        stream = change["dynamodb"]
        pk, sk = stream["Keys"]["pk"]["S"], stream["Keys"]["sk"]["S"]
        if "NewImage" not in stream or not pk.startswith(_RELEASE):
            continue
        if sk != _RECORD and not sk.startswith(_LOG):
            continue
        data = json.loads(stream["NewImage"]["json"]["S"])
        yield Written(
            position=stream["SequenceNumber"],
            release_id=pk.removeprefix(_RELEASE),
            sequence=sk.removeprefix(_LOG),
            entry=LogEntry.from_json(data) if sk.startswith(_LOG) else None,
            record=ReleaseRecord.from_json(data) if sk == _RECORD else None,
        )


def taken_until(position: str | None) -> dict[str, Any]:
    """What Lambda is told of a batch: from which position it is to come again, None for all done.

    Source: Lambda developer guide, "Reporting batch item failures" of DynamoDB streams.
    """
    failures = [] if position is None else [{"itemIdentifier": position}]
    return {"batchItemFailures": failures}
