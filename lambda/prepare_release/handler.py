"""Prepare: validate, lock, record; a refused release leaves nothing behind."""

from typing import Any

from prepare_release.events import start_request
from tidegate.loop.prepare import prepare
from tidegate_aws.settings import Variable
from tidegate_aws.world import world

_NEEDS = (Variable.RELEASE_TABLE,)


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """The first task of the release machine; a refusal is an error named by its class."""
    ports = world(_NEEDS)
    return prepare(
        store=ports.store,
        traffic=ports.traffic,
        clock=ports.clock,
        request=start_request(event),
    ).to_json()
