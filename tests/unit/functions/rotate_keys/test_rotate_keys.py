"""The signing keys are rotated in the steps that Secrets Manager asks for."""

import json
import os
import uuid
from typing import Any

import pytest

from rotate_keys.handler import handle
from tests import samples
from tidegate.errors import ForgedTextError, InvalidValueError
from tidegate.keyring import ACTIVATION_SECONDS, SLACK_SECONDS, KeyRing
from tidegate_aws import clients
from tidegate_aws.keys import ring_of

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")


def secret() -> str:
    """The signing secret's ARN."""
    return os.environ["SIGNING_SECRET_ARN"]


def run(step: str, token: str, **event: Any) -> None:
    """One step, as Secrets Manager asks for it."""
    handle({"Step": step, "SecretId": secret(), "ClientRequestToken": token, **event}, None)


def ring(stage: str = "AWSCURRENT") -> KeyRing:
    """The ring that a stage of the secret has."""
    answer = clients.secretsmanager().get_secret_value(SecretId=secret(), VersionStage=stage)
    return ring_of(answer["SecretString"])


def rotate() -> str:
    """A whole rotation; its token."""
    token = str(uuid.uuid4())
    for step in STEPS:
        run(step, token)
    return token


@pytest.mark.usefixtures("store")
def test_a_rotation_adds_a_key_that_signs_later():
    """The old one verifies for the longest window of what is deployed, and longer."""
    rotate()
    old, new = ring().keys
    assert (old.id, old.secret) == ("k1", "a generated text")
    assert new.id == "k2"
    assert len(new.secret) == 64
    window = max(samples.PLAN.outcome_window_seconds, 86_400)
    assert old.gone_at == pytest.approx(new.signs_from + window + SLACK_SECONDS)
    assert ACTIVATION_SECONDS == SLACK_SECONDS


@pytest.mark.usefixtures("store")
def test_every_step_may_be_done_twice():
    """A rotation that is tried again is one rotation."""
    token = str(uuid.uuid4())
    for step in STEPS:
        run(step, token)
        run(step, token)
    assert [key.id for key in ring().keys] == ["k1", "k2"]


@pytest.mark.usefixtures("store")
def test_nothing_is_current_before_it_was_tested():
    """Until the last step readers have the old ring."""
    token = str(uuid.uuid4())
    run("createSecret", token)
    run("setSecret", token)
    run("testSecret", token)
    assert len(ring().keys) == 1
    assert len(ring("AWSPENDING").keys) == 2


@pytest.mark.usefixtures("store")
def test_a_pending_ring_that_does_not_know_the_current_key_is_refused():
    """All ids that are out there would be forged."""
    token = str(uuid.uuid4())
    clients.secretsmanager().put_secret_value(
        SecretId=secret(),
        ClientRequestToken=token,
        SecretString=json.dumps({"current": "k1", "k1": "another text"}),
        VersionStages=["AWSPENDING"],
    )
    with pytest.raises(ForgedTextError):
        run("testSecret", token)


@pytest.mark.usefixtures("store")
def test_another_secret_is_refused():
    """Whoever may invoke the function may not have it write elsewhere."""
    with pytest.raises(InvalidValueError, match="rotates"):
        run("createSecret", str(uuid.uuid4()), SecretId="arn:another")


@pytest.mark.usefixtures("store")
def test_an_unknown_step_is_refused():
    """With the steps that there are."""
    with pytest.raises(InvalidValueError, match="createSecret"):
        run("dropSecret", str(uuid.uuid4()))
