"""Rules of a model that is made by a built-in algorithm of SageMaker: its version and regions."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from stacks.project.algorithms import algorithm_images
from stacks.project.faults import Fault, did_you_mean

Say = Callable[..., Fault]
"""Makes a fault of a message, at keys below the model."""

CONTAINERS = ("framework", "image", "algorithm")
"""What a model's container is given by: exactly one of them."""


def chosen(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """Which of them the model gives."""
    return tuple(key for key in CONTAINERS if raw.get(key) is not None)


def version_faults(name: str, version: object, regions: set[str], say: Say) -> Iterator[Fault]:
    """What is wrong with `algorithm` and `algorithm_version`."""
    versions = algorithm_images().get(name)
    if versions is None:
        yield say(f"algorithm is {name!r}: {did_you_mean(name, algorithm_images())}", "algorithm")
        return
    known = ", ".join(f'"{each}"' for each in versions)
    if version is None:
        yield say(f"algorithm_version is missing: allowed for {name}: {known}")
    elif isinstance(version, str) and version not in versions:
        words = f"algorithm_version is {version!r}, allowed for {name}: {known}"
        yield say(words, "algorithm_version")
    elif isinstance(version, str):
        for region in sorted(regions - set(versions[version])):
            words = f"{name} {version} has no image in {region}: choose another region"
            yield say(words, "algorithm_version")


def artifact_faults(raw: Mapping[str, Any], say: Say) -> Iterator[Fault]:
    """An artifact is missing that nothing will ever make."""
    if raw.get("artifact") is not None:
        return
    if raw.get("algorithm") is None or raw.get("training") is None:
        yield say(
            "artifact is missing: it may be left out only where algorithm and training say how "
            "the first version is made"
        )
        return
    for section in ("batch", "monitoring"):
        if raw.get(section) is not None:
            yield say(
                f"artifact is missing, and {section} needs a version from the beginning: train "
                "the first one, and name its artifact",
                section,
            )
    release = raw.get("release")
    if isinstance(release, Mapping) and release.get("strategy") == "ab-test":
        yield say("artifact is missing, and an A/B test compares versions: name one", "release")
