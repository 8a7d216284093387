"""A deployed edge fleet: its rings, its devices, and what each of them runs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cli.deployed import Deployed, stack_outputs
from cli.exits import CommandError, Exit
from cli.options import Place
from tidegate.edge.names import component_version, ring_group
from tidegate.edge.rings import ring_ends, widths
from tidegate.pointer import Declaration

IN_NO_SLOT = "in no slot"
NEVER_HEARD = "never heard"


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A device of a ring. `version` is what it runs, by its own word, and `state` how.

    `execution` is what became of the ring's newest deployment on it, empty if it has not got it.
    """

    thing: str
    ring: int
    version: str = ""
    label: str = NEVER_HEARD
    state: str = ""
    execution: str = ""
    status: str = NEVER_HEARD

    def to_json(self) -> dict[str, Any]:
        """The device in JSON types."""
        return {
            "thing": self.thing,
            "ring": self.ring,
            "version": self.version,
            "label": self.label,
            "state": self.state,
            "execution": self.execution,
            "status": self.status,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RingStanding:
    """A ring: where it ends, what it was told, who is in it."""

    number: int
    end: int
    width: int
    told: str
    devices: tuple[Device, ...]

    @property
    def converged(self) -> int:
        """How many of its devices run what it was told."""
        return sum(device.label == self.told for device in self.devices)

    def to_json(self) -> dict[str, Any]:
        """The ring in JSON types."""
        return {
            "ring": self.number,
            "up_to_percent": self.end,
            "told": self.told,
            "devices": len(self.devices),
            "converged": self.converged,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeFleet:
    """A deployed fleet."""

    name: str
    place: str
    role_alias: str
    policy: str
    declaration: Declaration
    deployed: Deployed
    iot: Any
    greengrass: Any

    @property
    def ends(self) -> tuple[int, ...]:
        """Where its rings end, in percent of the devices."""
        return ring_ends(step.share_percent for step in self.declaration.plan.steps)

    @property
    def labels(self) -> Mapping[str, str]:
        """Names for people by component version, of the versions in the slots."""
        slots = self.declaration.slots.values()
        return {component_version(version.digest): version.label for version in slots}

    def things(self, ring: int) -> tuple[str, ...]:
        """Who is in a ring, by name."""
        pages = self.iot.get_paginator("list_things_in_thing_group").paginate(
            thingGroupName=ring_group(self.place, ring)
        )
        return tuple(sorted(thing for page in pages for thing in page["things"]))

    def counts(self) -> tuple[int, ...]:
        """How many devices are in each ring."""
        return tuple(len(self.things(number)) for number in range(1, len(self.ends) + 1))

    def standing(self) -> tuple[RingStanding, ...]:
        """Every ring with its devices, read now."""
        endpoints: Any = self.deployed.endpoints
        rings = endpoints.edge.rings(self.declaration.endpoint_name)
        return tuple(
            RingStanding(
                number=ring.number,
                end=end,
                width=width,
                told=self.labels.get(ring.version, IN_NO_SLOT),
                devices=tuple(self._devices(ring.number, ring.deployment_id)),
            )
            for ring, end, width in zip(rings, self.ends, widths(self.ends), strict=True)
        )

    def _devices(self, ring: int, deployment_id: str) -> Iterator[Device]:
        for thing in self.things(ring):
            yield self._device(thing, ring, deployment_id)

    def _device(self, thing: str, ring: int, deployment_id: str) -> Device:
        try:
            core = self.greengrass.get_core_device(coreDeviceThingName=thing)
        except self.greengrass.exceptions.ResourceNotFoundException:
            return Device(thing=thing, ring=ring)
        mine = self._installed(thing)
        version = mine.get("componentVersion", "")
        return Device(
            thing=thing,
            ring=ring,
            version=version,
            label=self.labels.get(version, IN_NO_SLOT) if version else "nothing",
            state=mine.get("lifecycleState", ""),
            execution=self._execution(thing, deployment_id),
            status=core["status"],
        )

    def _installed(self, thing: str) -> Mapping[str, Any]:
        told = self.greengrass.list_installed_components(coreDeviceThingName=thing)
        mine = [c for c in told["installedComponents"] if c["componentName"] == self.place]
        found: Mapping[str, Any] = mine[0] if mine else {}
        return found

    def _execution(self, thing: str, deployment_id: str) -> str:
        pages = self.greengrass.get_paginator("list_effective_deployments").paginate(
            coreDeviceThingName=thing
        )
        found = {
            one["deploymentId"]: str(one["coreDeviceExecutionStatus"])
            for page in pages
            for one in page["effectiveDeployments"]
        }
        return found.get(deployment_id, "")


def fleet_of(where: Place, name: str) -> EdgeFleet:
    """The deployed fleet; CommandError when there is none of the name."""
    deployed = where.deployed()
    stack = f"{deployed.project}-{deployed.stage}-edge-{name}"
    outputs = stack_outputs(deployed.target, stack)
    declaration = deployed.store.declaration(name)
    if not outputs or declaration is None:
        raise CommandError(
            f"no edge fleet {name} is deployed: run 'tidegate deploy', or see section edge of the "
            "project file for the names",
            code=Exit.USAGE,
        )
    client = deployed.target.client
    return EdgeFleet(
        name=name,
        place=outputs["Place"],
        role_alias=outputs["RoleAlias"],
        policy=outputs["DevicePolicyName"],
        declaration=declaration,
        deployed=deployed,
        iot=client("iot"),
        greengrass=client("greengrassv2"),
    )
