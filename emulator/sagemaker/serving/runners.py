"""Which container images the embedded cloud can play, and how.

An image is known by its repository name. One that is not in the table is refused, never replaced by
something similar.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from emulator.algorithms.registry import ALGORITHMS, Known
from emulator.sagemaker.ports import FleetUnhealthyError
from emulator.sagemaker.serving.interface import UnknownImageError


@dataclass(frozen=True, kw_only=True, slots=True)
class Runner:
    """A kind of container: what its processes have imported before they are forked."""

    framework: str
    """Whose container it is; the container's program knows it by this name."""
    preloaded: tuple[str, ...]
    distributions: tuple[str, ...] = ()
    """One of these must be in the Python that it runs on; none: any Python will do."""
    algorithm: str | None = None
    """The built-in algorithm that answers; None where the user's code does."""


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
        distributions=("scikit-learn",),
    ),
    "sagemaker-xgboost": Runner(
        framework="xgboost", preloaded=("xgboost",), distributions=("xgboost-cpu", "xgboost")
    ),
    "pytorch-inference": Runner(
        framework="pytorch", preloaded=("torch",), distributions=("torch",)
    ),
    "tensorflow-inference": Runner(
        framework="tensorflow",
        # TensorFlow starts threads when it is imported, and forking is safe only without.
        preloaded=(),
        distributions=("tensorflow-cpu", "tensorflow"),
    ),
}


def runner_for(image: str, environment: Mapping[str, str] | None = None) -> Runner:
    """How `image` is run; UnknownImageError names it and what is possible.

    An image that is both, XGBoost's, is a framework where `environment` names a program.
    """
    known = algorithm_of(image)
    if known is not None and not _has_program(image, environment):
        return _algorithm_runner(known)
    runner = RUNNERS.get(repository_of(image))
    if runner is None:
        frameworks = ", ".join(sorted(runner.framework for runner in RUNNERS.values()))
        raise UnknownImageError(
            f"the embedded cloud runs {frameworks} containers ({', '.join(sorted(RUNNERS))}) and "
            f"built-in algorithms ({', '.join(sorted(ALGORITHMS))}); got {image}"
        )
    return runner


OF_MANY_MODELS = ("scikit-learn", "xgboost")
"""Frameworks whose containers hold several models here, where they have a program."""


def refuse_many_models(runner: Runner) -> None:
    """The container can hold several models here, or FleetUnhealthyError says which can."""
    if runner.algorithm is not None or runner.framework not in OF_MANY_MODELS:
        raise FleetUnhealthyError(
            f"The embedded cloud does not emulate multi-model {runner.framework} containers: it "
            f"runs those of {' and '.join(OF_MANY_MODELS)} whose SAGEMAKER_PROGRAM is set."
        )


def _has_program(image: str, environment: Mapping[str, str] | None) -> bool:
    scripted = environment is not None and "SAGEMAKER_PROGRAM" in environment
    return scripted and repository_of(image) in RUNNERS


def algorithm_of(image: str) -> Known | None:
    """The built-in algorithm whose image it is; None for others."""
    return ALGORITHMS.get(repository_of(image))


def _algorithm_runner(known: Known) -> Runner:
    if known.missing is not None:
        raise UnknownImageError(known.missing)
    module = () if known.module is None else (known.module,)
    return Runner(
        framework=known.name,
        preloaded=("emulator.algorithms.serving", *module),
        algorithm=known.name,
    )


def repository_of(image: str) -> str:
    """The last part of an image's name, without registry, tag and digest."""
    return image.partition("@")[0].rpartition("/")[2].partition(":")[0]
