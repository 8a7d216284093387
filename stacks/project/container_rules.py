"""Rules of `containers`, an inference pipeline, and what it rules out elsewhere in a model."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from stacks.project.faults import Fault
from stacks.project.framework_contents import FIXED_ENTRY
from stacks.project.source import section_of

Say = Callable[..., Fault]
"""Makes a fault of a message, at keys below the model."""

FEWEST, MOST = 2, 15
"""CreateModel (API reference) takes 15 containers; one alone is no pipeline."""
_OF_A_CONTAINER = (
    *("framework", "framework_version", "image", "artifact", "entry_point", "environment"),
)


def has_pipeline(raw: Mapping[str, Any]) -> bool:
    """Whether the model is an inference pipeline."""
    return raw.get("containers") is not None


def entries(raw: Mapping[str, Any]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The containers that are sections, with their places."""
    listed = raw.get("containers")
    for place, entry in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(entry, Mapping):
            yield place, entry


def pipeline_faults(raw: Mapping[str, Any], say: Say) -> Iterator[Fault]:
    """What is wrong with the pipeline as a whole."""
    listed = raw.get("containers")
    if isinstance(listed, list) and not FEWEST <= len(listed) <= MOST:
        yield say(
            f"containers has {len(listed)}, an inference pipeline has {FEWEST} to {MOST}: of one "
            "container, give its keys to the model itself",
            "containers",
        )
    for key in _OF_A_CONTAINER:
        if raw.get(key) is not None:
            yield say(f"{key} belongs to one of the containers: move it there", key)
    if raw.get("algorithm") is not None:
        yield say(
            "a built-in algorithm is no container of a pipeline here: host its model alone, or "
            "write the preparation into what asks it",
            "algorithm",
        )
    yield from _excluded_faults(raw, say)


def entry_faults(raw: Mapping[str, Any], say: Say) -> Iterator[Fault]:
    """An entry point where the framework's container takes none."""
    if raw.get("framework") in FIXED_ENTRY and raw.get("entry_point") is not None:
        yield say(
            f"entry_point is {raw['entry_point']!r}, and {raw['framework']}'s container runs "
            "code/inference.py if it is there, whatever it is told: drop entry_point",
            "entry_point",
        )


def _excluded_faults(raw: Mapping[str, Any], say: Say) -> Iterator[Fault]:
    """Sources: developer guide, feature exclusions of Serverless Inference and of shadow tests."""
    hosting, release = section_of(raw, "hosting"), section_of(raw, "release")
    if hosting.get("serverless") is not None:
        yield say(
            "serverless endpoints run no inference pipeline: name an instance_type, or put what "
            "the containers do into the code of one",
            "hosting",
            "serverless",
        )
    if hosting.get("ec2") is not None:
        yield say(
            "instances of EC2 run one container: name an instance_type of SageMaker, or put what "
            "the containers do into the code of one",
            "hosting",
            "ec2",
        )
    if release.get("strategy") == "shadow":
        yield say(
            "endpoints with several containers cannot be shadowed: choose canary, linear, rolling "
            "or big-bang",
            "release",
            "strategy",
        )
    if release.get("strategy") == "ab-test":
        yield say(
            "an A/B test compares artifacts of one container, and here are several: choose canary "
            "or linear, which release the pipeline as a whole, or put it into one container",
            "release",
            "strategy",
        )
    if raw.get("training") is not None:
        yield say(
            "training makes the artifact of one container, and which of them is not said: train "
            "that model under a name of its own, and name what was approved in containers",
            "training",
        )
