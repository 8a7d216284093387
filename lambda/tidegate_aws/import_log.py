"""Progress of imports in DynamoDB: one item each, which expires."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegate.errors import ConflictError
from tidegate.outcomefiles.progress import Progress
from tidegate_aws.items import (
    DOCUMENT,
    document,
    key,
    number,
    read_document,
    text,
    when_absent,
    when_equal,
)
from tidegate_aws.table import Table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEPT_SECONDS = 90 * 86_400
"""How long an import is known: a file that is put there again later is examined again, and all of
its outcomes are duplicates or late."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamoImportLog:
    """Port `ImportLog` over the observation table, named by `table`."""

    client: DynamoDBClient
    table: str

    @property
    def _rows(self) -> Table:
        return Table(client=self.client, name=self.table)

    def load(self, import_id: str) -> Progress | None:
        """How far an import is, None for one that never began."""
        item = self._rows.get(f"import#{import_id}", "import")
        return None if item is None else Progress.from_json(read_document(item))

    def save(self, progress: Progress, *, after: Progress | None) -> None:
        """Write how far an import is; ConflictError when it is not where `after` says."""
        there = when_absent() if after is None else _as(after)
        item = {
            **key(f"import#{progress.import_id}", "import"),
            DOCUMENT: document(progress.to_json()),
            "position": number(progress.position),
            "state": text(progress.state.value),
            "expires_at": number(math.ceil(progress.started_at) + KEPT_SECONDS),
        }
        if not self._rows.put_if(item, there):
            raise ConflictError(f"import of {progress.name} is being done by another run")


def _as(after: Progress) -> dict[str, object]:
    return when_equal(position=number(after.position), state=text(after.state.value))
