"""The contracts of ports `OutcomeLedger`, `Refused` and `Keys`."""

import pytest

from tests.aws import OBSERVATION_TABLE, make_secret
from tests.fakes import FakeClock, FakeKeys, FakeLedger, FakeRefused
from tidegate.ports import Keys, OutcomeLedger
from tidegate_aws import clients
from tidegate_aws.keys import SecretKeys
from tidegate_aws.outcome_ledger import DynamoOutcomeLedger
from tidegate_aws.refused import DynamoRefused


@pytest.fixture
def ledger(backend: str) -> OutcomeLedger:
    """A ledger with nothing credited."""
    if backend == "fake":
        return FakeLedger()
    return DynamoOutcomeLedger(client=clients.dynamodb(), table=OBSERVATION_TABLE)


@pytest.fixture
def refused(backend: str) -> FakeRefused | DynamoRefused:
    """No refused outcomes."""
    if backend == "fake":
        return FakeRefused()
    return DynamoRefused(client=clients.dynamodb(), table=OBSERVATION_TABLE)


@pytest.fixture
def keys(backend: str) -> Keys:
    """Signing keys."""
    if backend == "fake":
        return FakeKeys()
    return SecretKeys(client=clients.secretsmanager(), secret_arn=make_secret(), clock=FakeClock())


def test_an_outcome_is_credited_once(ledger: OutcomeLedger):
    """The second time says that it was there."""
    assert ledger.credit("f1", expires_at=1_900_000_000.5)
    assert not ledger.credit("f1", expires_at=1_900_000_000.5)
    assert ledger.credit("f2", expires_at=1_900_000_000.5)


def test_refusals_are_counted_by_model_and_reason(refused: FakeRefused | DynamoRefused):
    """Each reason has its own count."""
    for reason in ("late", "late", "duplicate"):
        refused.count("flights", reason)
    refused.count("-", "forged")
    assert refused.read("flights") == {"late": 2, "duplicate": 1}
    assert refused.read("-") == {"forged": 1}


def test_the_current_key_is_one_of_the_keys(keys: Keys):
    """Whatever signs can verify."""
    found = keys.read()
    assert found.keys[found.current] != b""
    assert keys.read() == found
