"""Functions run as deployed: handlers by their names, environment variables, AWS from memory."""

from collections.abc import Iterator

import pytest

from tests import samples
from tests.aws import OBSERVATION_TABLE, RELEASE_TABLE, make_endpoint, make_secret, mocked_aws
from tests.botocore_model import watched_requests
from tidegate_aws import clients, world
from tidegate_aws.release_store import DynamoReleaseStore


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A deployed project in memory; every request to it keeps AWS's own rules."""
    with mocked_aws(), watched_requests() as requests:
        monkeypatch.setenv("RELEASE_TABLE", RELEASE_TABLE)
        monkeypatch.setenv("OBSERVATION_TABLE", OBSERVATION_TABLE)
        monkeypatch.setenv("SIGNING_SECRET_ARN", make_secret())
        world.forget()
        make_endpoint()
        yield
    assert requests.faults == []


@pytest.fixture
def store(aws: None) -> DynamoReleaseStore:
    """The release table, in which v1 is live in blue and v2 waits in green."""
    found = DynamoReleaseStore(client=clients.dynamodb(), table=RELEASE_TABLE)
    found.put_pointer(samples.pointer())
    found.put_split(samples.split())
    found.put_declaration(samples.declaration())
    return found
