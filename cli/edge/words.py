"""Edge fleets in words and tables."""

from collections.abc import Iterator, Mapping, Sequence

from rich.table import Table

from cli.edge.fleets import EdgeFleet, RingStanding


def rings_table(rings: Sequence[RingStanding]) -> Table:
    """Rings, what they were told, and how many of their devices run it."""
    table = Table("ring", "up to", "told", "devices", "run it", "other")
    for ring in rings:
        others = _others(ring)
        told = ", ".join(f"{count} x {label}" for label, count in sorted(others.items()))
        table.add_row(
            str(ring.number),
            f"{ring.end} %",
            ring.told,
            str(len(ring.devices)),
            str(ring.converged),
            told,
        )
    return table


def _others(ring: RingStanding) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for device in ring.devices:
        if device.label != ring.told:
            found[device.label] = found.get(device.label, 0) + 1
    return found


def devices_table(rings: Sequence[RingStanding]) -> Table:
    """Every device, what it runs, and what became of its ring's newest deployment."""
    table = Table("device", "ring", "runs", "state", "deployment", "health")
    for ring in rings:
        for one in ring.devices:
            execution = one.execution or "not there yet"
            table.add_row(one.thing, str(one.ring), one.label, one.state, execution, one.status)
    return table


def remarks(rings: Sequence[RingStanding]) -> Iterator[str]:
    """What an operator should know before a release."""
    if rings and not rings[0].devices:
        yield (
            "ring 1 has no devices: a release would hold there for want of evidence; "
            "'tidegate edge enrol' fills it first"
        )


def provisioning(fleet: EdgeFleet, thing: str, ring_group: str) -> str:
    """How a real device becomes a core device in its ring.

    Greengrass developer guide, "Install with automatic resource provisioning".
    """
    return (
        f"java -jar GreengrassInstaller/lib/Greengrass.jar --thing-name {thing} "
        f"--thing-group-name {ring_group} --thing-policy-name {fleet.policy} "
        f"--tes-role-alias-name {fleet.role_alias} "
        f"--aws-region {fleet.deployed.target.region} --provision true --setup-system-service true"
    )
