"""The ports of device reports, of one process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.edge.evidence import Ports
from tidegate_aws import clients
from tidegate_aws.edge_roster import DynamoRoster
from tidegate_aws.settings import Variable

if TYPE_CHECKING:
    from tidegate_aws.world import World


def edge_ports(world: World) -> Ports:
    """Where reports are counted, and what is known of devices."""
    table = world.settings[Variable.OBSERVATION_TABLE]
    return Ports(
        store=world.store,
        counters=world.counters,
        roster=DynamoRoster(client=clients.dynamodb(), table=table, clock=world.clock),
        clock=world.clock,
    )
