"""The contracts of ports `OutcomeLedger`, `Refused` and `Keys`."""

import pytest

from tests.aws import OBSERVATION_TABLE, make_secret
from tests.fakes import FakeClock, FakeKeys
from tests.request_fakes import FakeLedger
from tidegate.ports import Credit, Keys, OutcomeLedger
from tidegate_aws import clients
from tidegate_aws.keys import SecretKeys
from tidegate_aws.outcome_ledger import DynamoOutcomeLedger

RIGHT = Credit(expires_at=1_900_000_000.5, wrong=False)
WRONG = Credit(expires_at=1_900_000_000.5, wrong=True)


@pytest.fixture
def ledger(backend: str) -> OutcomeLedger:
    """A ledger with nothing credited."""
    if backend == "fake":
        return FakeLedger()
    # moto's tables are no threads' business.
    return DynamoOutcomeLedger(client=clients.dynamodb(), table=OBSERVATION_TABLE, at_once=1)


@pytest.fixture
def keys(backend: str) -> Keys:
    """Signing keys."""
    if backend == "fake":
        return FakeKeys()
    return SecretKeys(client=clients.secretsmanager(), secret_arn=make_secret(), clock=FakeClock())


def test_an_outcome_is_credited_once(ledger: OutcomeLedger):
    """The second time says that it was there."""
    assert ledger.credit("f1", RIGHT)
    assert not ledger.credit("f1", RIGHT)
    assert ledger.credit("f2", RIGHT)


def test_many_outcomes_are_claimed_at_once(ledger: OutcomeLedger):
    """More than one transaction takes; what somebody else has is left out."""
    many = {f"f{n}": RIGHT for n in range(250)}
    assert ledger.credit("f7", RIGHT)
    assert ledger.claim(many, by="file@0") == set(many) - {"f7"}
    assert ledger.claim({"f8": RIGHT}, by="file@1000") == set()
    assert not ledger.credit("f9", RIGHT)


def test_a_claim_that_is_made_again_is_the_same(ledger: OutcomeLedger):
    """Whoever died after it finds his own."""
    assert ledger.claim({"f1": RIGHT}, by="file@0") == {"f1"}
    both = {"f1": RIGHT, "f2": RIGHT}
    assert ledger.claim(both, by="file@0") == set(both)
    assert ledger.claim({}, by="file@0") == set()


def test_it_is_known_how_outcomes_went(ledger: OutcomeLedger):
    """Of many at once, more than one read takes; nothing is said of those that are not credited."""
    many = {f"f{n}": WRONG if n % 3 == 0 else RIGHT for n in range(150)}
    ledger.claim(many, by="file@0")
    ledger.credit("single", WRONG)

    found = ledger.wrong({*many, "single", "never"})

    assert found == {**{name: credit.wrong for name, credit in many.items()}, "single": True}
    assert ledger.wrong([]) == {}


def test_the_current_key_is_one_of_the_keys(keys: Keys):
    """Whatever signs can verify."""
    found = keys.read()
    assert found.keys[found.current] != b""
    assert keys.read() == found
