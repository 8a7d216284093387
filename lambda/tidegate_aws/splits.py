"""Split documents in DynamoDB, as routers read them: without what only releases need."""

from __future__ import annotations

from tidegate.split import SplitDocument
from tidegate.values import value
from tidegate_aws import release_items as at
from tidegate_aws.items import read_document
from tidegate_aws.table import Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@value
class DynamoSplits:
    """Port `Splits` over the release table, named by `table`."""

    client: DynamoDBClient
    table: str

    def split(self, model: str) -> SplitDocument | None:
        """The split document of a model, None before its first deploy was verified."""
        rows = Table(client=self.client, name=self.table)
        item = rows.get(at.model_key(model), at.SPLIT)
        return None if item is None else SplitDocument.from_json(read_document(item))
