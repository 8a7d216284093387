"""Sample values of the core that many tests start from."""

from dataclasses import replace
from typing import Any

from tidegate.plan import Guardrail, Metric, ReleasePlan, Step
from tidegate.pointer import Declaration, LivePointer
from tidegate.release import LogEntry, Phase, ReleaseRecord, SlotVersion
from tidegate.slots import Slot
from tidegate.split import NO_RELEASE, SplitDocument
from tidegate.version import Version, digest_of

MODEL = "flights"
ENDPOINT = "demo-test-flights"
CONFIG = "flights-config-1"
RELEASE = "flights-20270115-1"
START = 1_800_000_000.0

PLAN = ReleasePlan(
    steps=(Step(share_percent=10, bake_seconds=120), Step(share_percent=50, bake_seconds=120)),
    guardrails=(Guardrail(metric=Metric.ERRORS, margin=0.02),),
    lag_seconds=30,
    hold_seconds=600,
    warm_up_seconds=20,
)


def version(label: str) -> Version:
    """A version that differs from all with another label."""
    image, artifact = "registry/scikit-learn:1", f"sha256-{label}"
    return Version(
        digest=digest_of(image=image, artifact=artifact, environment={}),
        label=label,
        image=image,
        artifact=artifact,
        artifact_uri=f"s3://bucket/{label}.tar.gz",
        environment={"SAGEMAKER_PROGRAM": "inference.py"},
    )


def declaration(blue: str = "v1", green: str = "v2", **changes: Any) -> Declaration:
    """A deploy with these versions in the slots."""
    declared = Declaration(
        model=MODEL,
        endpoint_name=ENDPOINT,
        endpoint_config_name=CONFIG,
        slots={Slot.BLUE: version(blue), Slot.GREEN: version(green)},
        plan=PLAN,
    )
    return replace(declared, **changes)


def pointer(label: str = "v1", slot: Slot = Slot.BLUE, generation: int = 1) -> LivePointer:
    """The live pointer at a version."""
    return LivePointer(
        model=MODEL,
        slot=slot,
        version=version(label),
        generation=generation,
        moved_at=START,
        moved_by="deploy",
    )


def split(split_version: int = 1, release_id: str = NO_RELEASE, **changes: Any) -> SplitDocument:
    """A split document with all traffic on blue."""
    document = SplitDocument(
        model=MODEL,
        endpoint_name=ENDPOINT,
        version=split_version,
        release_id=release_id,
        shares={"blue": 100, "green": 0},
        digests={"blue": version("v1").digest, "green": version("v2").digest},
        control="blue",
    )
    return replace(document, **changes)


def record(**changes: Any) -> ReleaseRecord:
    """A release of v2 in green over v1 in blue, just opened."""
    opened = ReleaseRecord(
        release_id=RELEASE,
        model=MODEL,
        endpoint_name=ENDPOINT,
        endpoint_config_name=CONFIG,
        live=SlotVersion(slot=Slot.BLUE, version=version("v1")),
        candidate=SlotVersion(slot=Slot.GREEN, version=version("v2")),
        plan=PLAN,
        phase=Phase.SHIFTING,
        started_by="ada",
        started_at=START,
        split_version=1,
    )
    return replace(opened, **changes)


def entry(what: str = "opened", at: float = START) -> LogEntry:
    """A log entry."""
    return LogEntry(
        at=at, who="ada", what=what, why="because", before={"blue": 100}, after={"blue": 100}
    )
