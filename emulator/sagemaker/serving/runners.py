"""Which container images the embedded cloud can play, and how.

An image is known by its repository name. One that is not in the table is refused, never replaced by
something similar.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from emulator.sagemaker.serving.interface import UnknownImageError


@dataclass(frozen=True, kw_only=True, slots=True)
class Runner:
    """A kind of container: what its processes have imported before they are forked."""

    framework: str
    preloaded: tuple[str, ...]


RUNNERS: Mapping[str, Runner] = {
    "sagemaker-scikit-learn": Runner(
        framework="scikit-learn",
        preloaded=(
            "sklearn.ensemble",
            "sklearn.feature_extraction.text",
            "sklearn.linear_model",
            "sklearn.pipeline",
            "sklearn.preprocessing",
            "joblib",
        ),
    ),
}


def runner_for(image: str) -> Runner:
    """How `image` is run; UnknownImageError names it and what is possible."""
    runner = RUNNERS.get(repository_of(image))
    if runner is None:
        frameworks = ", ".join(sorted(runner.framework for runner in RUNNERS.values()))
        raise UnknownImageError(
            f"the embedded cloud runs {frameworks} containers ({', '.join(sorted(RUNNERS))}); "
            f"got {image}"
        )
    return runner


def repository_of(image: str) -> str:
    """The last part of an image's name, without registry, tag and digest."""
    return image.partition("@")[0].rpartition("/")[2].partition(":")[0]
