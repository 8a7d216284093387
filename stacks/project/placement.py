"""Which version goes into which slot: the live one stays, a new one goes into the idle slot."""

from collections.abc import Mapping
from dataclasses import dataclass

from stacks.project.spec import LocalArtifact, ModelSpec
from tidegate.pointer import LivePointer
from tidegate.slots import Slot
from tidegate.version import Version, digest_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """The version in each slot, and the slot that serves when the endpoint is made anew."""

    live: Slot
    slots: Mapping[Slot, Version]


def version_of(model: ModelSpec, *, region: str, artifact_uri: str) -> Version:
    """The version that the project file describes, its artifact deployed at a URI."""
    artifact = model.artifact
    identity = artifact.digest if isinstance(artifact, LocalArtifact) else artifact.identity
    image = model.images[region]
    return Version(
        digest=digest_of(image=image, artifact=identity, environment=model.environment),
        label=model.label,
        image=image,
        artifact=identity,
        artifact_uri=artifact_uri,
        environment=dict(sorted(model.environment.items())),
    )


def place(version: Version, pointer: LivePointer | None) -> Placement:
    """Both slots hold the version before a first deploy; afterwards only the idle slot does."""
    if pointer is None:
        return Placement(live=Slot.BLUE, slots={Slot.BLUE: version, Slot.GREEN: version})
    slots = {pointer.slot: pointer.version, pointer.slot.other: version}
    return Placement(live=pointer.slot, slots=slots)
