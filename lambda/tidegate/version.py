"""A version: one trained artifact of a model, known by a digest of what makes it behave."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tidegate.slots import Slot
from tidegate.targets import TargetModels


def digest_of(
    *,
    image: str,
    artifact: str,
    environment: Mapping[str, str],
    then: Sequence["Container"] = (),
) -> str:
    """The version's digest: 16 hexadecimal characters of SHA-256.

    `artifact` is the content digest of a local artifact, or the URI with version id of one in S3.
    The image is the name and tag without its registry, so that a version keeps its digest from one
    region to the next. Containers of a pipeline after the first, `then`, are part of it.
    """
    told = _identity(image, artifact, environment)
    if then:
        told["then"] = [_identity(each.image, each.artifact, each.environment) for each in then]
    canonical = json.dumps(told, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def _identity(image: str, artifact: str, environment: Mapping[str, str]) -> dict[str, Any]:
    return {
        "image": image.rsplit("/", maxsplit=1)[-1],
        "artifact": artifact,
        "environment": dict(sorted(environment.items())),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """One container of a version: its image, and what is unpacked and set in it.

    Of a model package there is no image, and `artifact_uri` is the package's ARN; of several models
    (`targets`) it is their prefix, which ends with a slash. Of an algorithm of AWS Marketplace the
    image is the algorithm's ARN: the image itself is the seller's.
    """

    image: str
    artifact: str
    artifact_uri: str
    environment: Mapping[str, str] = field(default_factory=dict)
    targets: TargetModels | None = None

    @property
    def package(self) -> str | None:
        """The ARN of the model package that it is of; None of an image and an artifact."""
        return self.artifact_uri if self.artifact_uri.startswith("arn:") else None

    @property
    def algorithm(self) -> str | None:
        """The ARN of the algorithm that made it; None of an image."""
        return self.image if self.image.startswith("arn:") else None

    def to_json(self) -> dict[str, Any]:
        """The container in JSON types; `from_json` reads it back."""
        return {
            "image": self.image,
            "artifact": self.artifact,
            "artifact_uri": self.artifact_uri,
            "environment": dict(self.environment),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Container":
        """The container that `to_json` wrote."""
        return cls(
            image=data["image"],
            artifact=data["artifact"],
            artifact_uri=data["artifact_uri"],
            environment=dict(data["environment"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One trained artifact of a model, with what is needed to provision it again.

    `artifact` is what the digest was made of, `artifact_uri` where it was deployed
    (`s3://bucket/key`); `label` is for people and proves nothing. Of an inference pipeline these
    are its first container's, and `then` are the others. `targets` are the models of a multi-model
    endpoint, whose `artifact_uri` is the prefix that all of them lie under.
    """

    digest: str
    label: str
    image: str
    artifact: str
    artifact_uri: str
    environment: Mapping[str, str] = field(default_factory=dict)
    then: tuple[Container, ...] = ()
    targets: TargetModels | None = None

    @property
    def containers(self) -> tuple[Container, ...]:
        """Every container, in the order in which a request goes through them."""
        first = Container(
            image=self.image,
            artifact=self.artifact,
            artifact_uri=self.artifact_uri,
            environment=self.environment,
            targets=self.targets,
        )
        return (first, *self.then)

    @property
    def model_names(self) -> tuple[str, ...]:
        """The models that a request may name; none where it asks the only one."""
        return () if self.targets is None else self.targets.names

    def to_json(self) -> dict[str, Any]:
        """The version in JSON types; `from_json` reads it back."""
        told: dict[str, Any] = {
            "digest": self.digest,
            "label": self.label,
            "image": self.image,
            "artifact": self.artifact,
            "artifact_uri": self.artifact_uri,
            "environment": dict(self.environment),
        }
        if self.then:
            told["then"] = [container.to_json() for container in self.then]
        if self.targets is not None:
            told["targets"] = self.targets.to_json()
        return told

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Version":
        """The version that `to_json` wrote."""
        targets = data.get("targets")
        return cls(
            digest=data["digest"],
            label=data["label"],
            image=data["image"],
            artifact=data["artifact"],
            artifact_uri=data["artifact_uri"],
            environment=dict(data["environment"]),
            then=tuple(Container.from_json(each) for each in data.get("then", ())),
            targets=None if targets is None else TargetModels.from_json(targets),
        )


def models_of(slots: Mapping[Slot, Version]) -> dict[str, tuple[str, ...]]:
    """Slot name to the names of its models, of slots that have several; of others nothing."""
    return {s.value: v.model_names for s, v in sorted(slots.items()) if v.targets is not None}
