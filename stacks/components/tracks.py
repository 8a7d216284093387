"""Two tracks of a model: an endpoint a slot, and the weighted records that draw between them.

The records alias `blue.<host>` and `green.<host>`, which follow the load balancers of the front
door, and never change in the template: a release changes their weights, and nobody else does.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from stacks.components.blueprint import Blueprint, att
from stacks.components.serving import ServingProps, add_serving
from tidegate.slots import PAIR, Slot
from tidegate.tracks import INITIAL_WEIGHTS, Tracks, joined_configs


def endpoint_id(slot: Slot) -> str:
    """The logical id of a track's endpoint."""
    return f"{slot.value.capitalize()}Endpoint"


def record_id(slot: Slot) -> str:
    """The logical id of the record that leads to a track."""
    return f"{slot.value.capitalize()}Record"


def config_id(config: str, slot: Slot) -> str:
    """The logical id of the configuration of a track's endpoint."""
    return f"{config}{slot.value.capitalize()}"


def add_tracks(blueprint: Blueprint, props: ServingProps, tracks: Tracks) -> None:
    """Both endpoints are there, and then the records under the host's name, if it has one."""
    for slot in PAIR:
        names = replace(
            props.names,
            endpoint=tracks.endpoints[slot],
            config=config_id(props.names.config, slot),
        )
        of_slot = replace(props, names=names, slots=(slot,), endpoint_id=endpoint_id(slot))
        add_serving(blueprint, of_slot)
    for slot in PAIR if tracks.by_dns else ():
        blueprint.add(
            record_id(slot),
            "AWS::Route53::RecordSet",
            _record(tracks, slot),
            after=[endpoint_id(each) for each in PAIR],
        )


def _record(tracks: Tracks, slot: Slot) -> Mapping[str, Any]:
    return {
        "HostedZoneId": tracks.zone_id,
        "Name": tracks.host,
        "Type": "A",
        "SetIdentifier": slot.value,
        "Weight": INITIAL_WEIGHTS[slot.value],
        "AliasTarget": {
            "HostedZoneId": tracks.zone_id,
            "DNSName": f"{slot.value}.{tracks.host}",
            "EvaluateTargetHealth": True,
        },
    }


def declared_configs(config: str) -> dict[str, Any]:
    """The configurations of both tracks as one text, filled in by CloudFormation."""
    places = {slot: f"${{{slot.value.capitalize()}}}" for slot in PAIR}
    names = {
        slot.value.capitalize(): att(config_id(config, slot), "EndpointConfigName") for slot in PAIR
    }
    return {"Fn::Sub": [joined_configs(places), names]}
