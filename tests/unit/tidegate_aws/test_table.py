"""Reads are strongly consistent, and contention is a conflict."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from tests import samples
from tests.aws import RELEASE_TABLE, mocked_aws
from tests.samples import MODEL, RELEASE
from tidegate.errors import ConflictError, NotFoundError
from tidegate_aws import clients
from tidegate_aws.items import key, when_absent
from tidegate_aws.look_store import DynamoLookStore
from tidegate_aws.release_store import DynamoReleaseStore
from tidegate_aws.table import Table


@pytest.fixture
def reads() -> Iterator[list[Any]]:
    """The parameters of every read in a test."""
    seen: list[Any] = []

    def keep(params: Any, model: Any, **_: Any) -> None:
        if model.name in {"GetItem", "Query"}:
            seen.append(params)

    events = clients.dynamodb().meta.events
    events.register("provide-client-params", keep)
    with mocked_aws():
        yield seen
    events.unregister("provide-client-params", keep)


def test_every_read_is_strongly_consistent(reads: list[Any]):
    """A task that is run again must see what it wrote."""
    store = DynamoReleaseStore(client=clients.dynamodb(), table=RELEASE_TABLE)
    looks = DynamoLookStore(client=clients.dynamodb(), table=RELEASE_TABLE)
    store.put_declaration(samples.declaration())
    for read in (store.pointer, store.declaration, store.admitted, store.split):
        read(MODEL)
    for listed in (store.lock_holder, store.releases):
        listed(MODEL)
    store.models()
    store.log(RELEASE)
    looks.looks(RELEASE)
    looks.last_look(RELEASE)
    looks.judge_state(RELEASE)
    with pytest.raises(NotFoundError):
        store.load(RELEASE)
    assert len(reads) >= 12
    assert all(read["ConsistentRead"] is True for read in reads)


def a_table() -> Table:
    """The release table."""
    return Table(client=clients.dynamodb(), name=RELEASE_TABLE)


@pytest.mark.parametrize("code", ["TransactionConflictException", "TransactionInProgressException"])
def test_a_contended_write_is_a_conflict(code: str):
    """Reading again and repeating is safe."""
    with Stubber(clients.dynamodb()) as stub:
        stub.add_client_error("put_item", code)
        with pytest.raises(ConflictError):
            a_table().put_if(key("a", "b"), when_absent())
        stub.add_client_error("transact_write_items", code)
        with pytest.raises(ConflictError):
            a_table().transact([a_table().put(key("a", "b"))])


def test_any_other_refusal_stays_aws_s_own():
    """A missing permission is not a conflict."""
    with Stubber(clients.dynamodb()) as stub:
        stub.add_client_error("put_item", "AccessDeniedException")
        with pytest.raises(ClientError, match="AccessDenied"):
            a_table().put_if(key("a", "b"), when_absent())


def test_a_partition_of_many_pages_is_read_whole(reads: list[Any]):
    """A page of DynamoDB is a megabyte."""
    table = a_table()
    large = "x" * 300_000
    for number in range(5):
        table.put_if({**key("p", str(number)), "large": {"S": large}}, when_absent())
    assert [item["sk"]["S"] for item in table.between("p", "1", "3")] == ["1", "2", "3"]
    assert len(table.partition("p")) == 5
    assert len(reads) > 2
