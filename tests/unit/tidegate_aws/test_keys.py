"""The signing secret."""

from typing import Any

import pytest

from tests.fakes import FakeClock
from tidegate.errors import InvalidValueError
from tidegate.keyring import KEPT_SECONDS
from tidegate_aws.keys import SecretKeys, signing_keys


def test_a_generated_secret_is_read():
    """CloudFormation puts one generated text beside the template's members."""
    keys = signing_keys('{"current": "k1", "k1": "text"}', now=0.0)
    assert (keys.current, dict(keys.keys)) == ("k1", {"k1": b"text"})


def test_a_rotated_secret_has_all_its_keys():
    """Ids signed with the old key still verify."""
    keys = signing_keys('{"current": "k2", "keys": {"k1": "old", "k2": "new"}}', now=0.0)
    assert (keys.current, dict(keys.keys)) == ("k2", {"k1": b"old", "k2": b"new"})


@pytest.mark.parametrize(
    "secret",
    ["s3cret", "[]", "{}", '{"current": 1}', '{"current": "k1"}', '{"current":"k","k":""}'],
)
def test_a_secret_that_cannot_sign_is_refused_unseen(secret: str):
    """The error says what lacks, and nothing of what is there."""
    with pytest.raises(InvalidValueError) as refusal:
        signing_keys(secret, now=0.0)
    assert "s3cret" not in str(refusal.value)


class CountingSecrets:
    """A client that counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def get_secret_value(self, **_: Any) -> dict[str, str]:
        """Always the same secret."""
        self.asked += 1
        return {"SecretString": '{"current": "k1", "k1": "text"}'}


@pytest.fixture
def clock() -> FakeClock:
    """A clock that a test moves."""
    return FakeClock()


def test_the_secret_is_read_again_after_its_time(clock: FakeClock):
    """A rotation is seen without a new process, and not every request asks."""
    client = CountingSecrets()
    keys = SecretKeys(client=client, secret_arn="arn", clock=clock)
    keys.read()
    clock.advance(KEPT_SECONDS - 1.0)
    keys.read()
    assert client.asked == 1
    clock.advance(1.0)
    keys.read()
    assert client.asked == 2


def test_a_clock_that_was_set_back_reads_the_secret_again(clock: FakeClock):
    """Otherwise a ring could be kept for much longer than it may."""
    client = CountingSecrets()
    keys = SecretKeys(client=client, secret_arn="arn", clock=clock)
    keys.read()
    clock.advance(-1.0)
    keys.read()
    assert client.asked == 2
