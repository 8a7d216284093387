"""Keys are shown by what they do, and never themselves."""

import json

from cli.keys import KeySecret
from tests.aws import mocked_aws
from tests.cli_world import CliWorld
from tests.fakes import FakeClock
from tidegate.keyring import ACTIVATION_SECONDS, KeyRing, rotated
from tidegate_aws import clients

GENERATED = KeyRing.from_json({"current": "k1", "k1": "s3cret"})


def test_each_key_is_told_by_what_it_does():
    """Which signs, which will, and until when the others verify."""
    clock = FakeClock(at=0.0)
    first = rotated(GENERATED, secret="s3cret", now=0.0, longest_window_seconds=60.0)
    with mocked_aws():
        client = clients.secretsmanager()
        arn = client.create_secret(Name="s", SecretString=json.dumps(first.to_json()))["ARN"]
        secret = KeySecret(client=client, secret_arn=arn, clock=clock)
        before = secret.told()
        clock.advance(ACTIVATION_SECONDS)
        during = secret.told()
        clock.advance(10 * 86_400)
        after = secret.told()
    assert [str(key["told"]) for key in before] == [
        "signs, verifies until 1970-01-02 00:20 UTC",
        "signs from 1970-01-01 00:10 UTC",
    ]
    assert [key["told"] for key in during] == ["verifies until 1970-01-02 00:20 UTC", "signs"]
    assert [key["told"] for key in after] == ["gone since 1970-01-02 00:20 UTC", "signs"]
    assert "s3cret" not in json.dumps([before, during, after])


def test_a_stage_of_an_older_deploy_says_what_to_do(world: CliWorld):
    """Its outputs do not name the secret yet."""
    for verb in ("list", "rotate"):
        said = world.run("keys", verb)
        assert said.code == 3
        assert "tidegate deploy" in said.err
