"""A version in the model registry, as far as a deploy needs it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tidegate.errors import InvalidValueError


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """An approved model package: what its container is made of.

    `arn` is its identity: a version of a group is never given again.
    """

    arn: str
    version: int
    image: str
    artifact_uri: str
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Its name for people."""
        return f"package-{self.version}"

    def to_json(self) -> dict[str, Any]:
        """The package in JSON types; `from_json` reads it back."""
        return {
            "arn": self.arn,
            "version": self.version,
            "image": self.image,
            "artifact_uri": self.artifact_uri,
            "environment": dict(self.environment),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Package":
        """The package that `to_json` wrote."""
        return cls(
            arn=data["arn"],
            version=int(data["version"]),
            image=data["image"],
            artifact_uri=data["artifact_uri"],
            environment=dict(data["environment"]),
        )


def package_of(described: Mapping[str, Any]) -> Package:
    """The package that DescribeModelPackage tells of; InvalidValueError if it can't be deployed."""
    arn = described["ModelPackageArn"]
    containers = described.get("InferenceSpecification", {}).get("Containers", [])
    if len(containers) != 1:
        raise InvalidValueError(
            [f"{arn} has {len(containers)} containers, a version is one: register it with one"]
        )
    (container,) = containers
    missing = [name for name in ("Image", "ModelDataUrl") if not container.get(name)]
    if missing:
        raise InvalidValueError([f"{arn} has a container without {' and '.join(missing)}"])
    return Package(
        arn=arn,
        version=int(described["ModelPackageVersion"]),
        image=container["Image"],
        artifact_uri=container["ModelDataUrl"],
        environment=dict(container.get("Environment", {})),
    )
