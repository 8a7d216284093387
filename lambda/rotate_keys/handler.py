"""Rotate: one more signing key; those whose last outcome may no longer come are dropped."""

from collections.abc import Callable, Mapping
from typing import Any

from rotate_keys.events import Rotation, Step
from tidegate.outcomes import longest_window_seconds
from tidegate_aws.key_rotation import KeyRotation
from tidegate_aws.settings import Variable
from tidegate_aws.world import World, world

_NEEDS = (Variable.RELEASE_TABLE, Variable.SIGNING_SECRET_ARN)


def handle(event: dict[str, Any], _context: object) -> None:
    """The step is done; done again, it changes nothing."""
    asked = Rotation.from_json(event)
    ports = world(_NEEDS)
    rotation = ports.key_rotation
    rotation.refuse_other(asked.secret_arn)
    _STEPS[asked.step](ports, rotation, asked.version)


def _create(ports: World, rotation: KeyRotation, version: str) -> None:
    window = longest_window_seconds(ports.store)
    rotation.create(version, now=ports.clock.now(), longest_window_seconds=window)


def _set(_ports: World, _rotation: KeyRotation, _version: str) -> None:
    """Nothing has to be told of a new key: whoever needs it reads the secret."""


def _test(ports: World, rotation: KeyRotation, version: str) -> None:
    rotation.test(version, now=ports.clock.now())


def _finish(_ports: World, rotation: KeyRotation, version: str) -> None:
    rotation.finish(version)


_STEPS: Mapping[Step, Callable[[World, KeyRotation, str], None]] = {
    Step.CREATE: _create,
    Step.SET: _set,
    Step.TEST: _test,
    Step.FINISH: _finish,
}
