"""The shape of an edge fleet in the project file: what its devices run, and in which rings."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from stacks.project.part import ModelName, Part
from stacks.project.release_shape import Duration, GuardrailFile, LatencyGuardrailFile
from stacks.project.release_shape import OutcomesGuardrailFile as OutcomesFile

DEFAULT_RINGS: tuple[tuple[int, str], ...] = ((1, "1h"), (10, "6h"))


class RingFile(Part):
    """A ring: the devices up to a share of the fleet, which get a new version after inner rings."""

    percent: Annotated[int, Field(ge=1, le=99)]
    """Where the ring ends: share of the fleet's devices that run the new version in it, 1 to 99."""
    bake: Duration
    """How long to wait and watch in it."""


class EdgeGuardrailsFile(Part):
    """Harm on devices that must not happen; at least one."""

    errors: GuardrailFile | None = None
    """Requests that the model failed, and those of devices on which it broke or hangs."""
    latency: LatencyGuardrailFile | None = None
    """Slower requests; only for fleets whose rings have the same hardware."""
    outcomes: OutcomesFile | None = None
    """Wrong answers, as applications on the devices tell the component."""


class EdgeFile(Part):
    """A fleet of Greengrass core devices that run an ONNX model."""

    model: ModelName | None = None
    """A model of this project: devices get the version that is live in the cloud at a deploy."""
    artifact: str | None = None
    """Instead of model: a directory or .tar.gz with model.onnx, or s3://...?versionId=..."""
    runtime: Literal["onnx"] = "onnx"
    """What runs the model on the devices: ONNX Runtime."""
    label: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None
    """Name of the version for people; left out: the name of the artifact."""
    devices: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    """How many devices are expected: for the costs told at synth, nothing else."""
    port: Annotated[int, Field(ge=1_024, le=65_535)] = 8_080
    """Port on loopback where applications of a device ask the model."""
    rings: Annotated[list[RingFile], Field(min_length=1, max_length=9)] | None = None
    """Rising shares of the devices; left out: 1 percent for 1h, 10 percent for 6h. The last ring,
    to 100, is the promotion and needs no entry."""
    guardrails: EdgeGuardrailsFile | None = None
    """Left out: errors within 0.02."""
    lag: Duration = "2m"
    """How long after an interval its reports may still come, at least 90s."""
    outcome_window: Duration = "1d"
    """How long after an answer its outcome counts."""
    warm_up: Duration = "3m"
    """How long devices of the first ring install and start before anything counts."""
    hold: Duration = "6h"
    """How long to wait beyond the last ring's bake when the evidence is too little to decide."""
    alpha: float = 0.01
    """Chance of rolling back a harmless version, at most, over the whole release."""
    beta: float = 0.05
    """Chance of promoting a version whose harm is at a margin, at most."""
