"""What a CreateHyperParameterTuningJob request asks for, and what of it cannot be done here. Pure.

Sources: API reference of CreateHyperParameterTuningJob and its shapes; sentences are our own.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.sagemaker import errors
from emulator.sagemaker.jobs.requests import refuse
from emulator.sagemaker.jobs.training.algorithms import specification
from emulator.sagemaker.jobs.training.recipe import check as check_training
from emulator.sagemaker.tuning.drawing import Choice, Numbers, Range

_CONFIG, _DEFINITION = "HyperParameterTuningJobConfig", "TrainingJobDefinition"
_UNEMULATED = ("WarmStartConfig", "Autotune")
STRATEGIES = ("Bayesian", "Random", "Grid")
DEFAULT_MOST_JOBS = 20
"""Of a request that names no MaxNumberOfTrainingJobs: this many here, AWS has no default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A tuning job."""

    strategy: str
    objective: str
    maximize: bool
    most_jobs: int
    parallel: int
    ranges: tuple[Range, ...]
    early_stopping: bool
    seed: int | None
    definition: Mapping[str, Any]
    """The request of each training job, without its name and the values that are drawn."""


def check(request: Mapping[str, Any]) -> None:
    """The job can be carried out, or an error says all that is in the way."""
    refuse(_faults(request), _unemulated(request))
    if request[_CONFIG].get("HyperParameterTuningJobObjective") is None:
        raise errors.validation("HyperParameterTuningJobObjective is needed.")
    check_training(training_request(request, "probe", {}))


def recipe_of(request: Mapping[str, Any]) -> Recipe:
    """What a request that was checked asks for."""
    config = request[_CONFIG]
    objective, limits = config["HyperParameterTuningJobObjective"], config["ResourceLimits"]
    return Recipe(
        strategy=config["Strategy"],
        objective=objective["MetricName"],
        maximize=objective["Type"] == "Maximize",
        most_jobs=int(limits.get("MaxNumberOfTrainingJobs", DEFAULT_MOST_JOBS)),
        parallel=int(limits["MaxParallelTrainingJobs"]),
        ranges=tuple(ranges_of(config.get("ParameterRanges", {}))),
        early_stopping=config.get("TrainingJobEarlyStoppingType", "Off") == "Auto",
        seed=config.get("RandomSeed"),
        definition=request[_DEFINITION],
    )


def training_request(
    request: Mapping[str, Any], name: str, drawn: Mapping[str, str]
) -> dict[str, Any]:
    """The request of one training job of the tuning job, with the values that were drawn for it."""
    definition = dict(request[_DEFINITION])
    static = definition.pop("StaticHyperParameters", {})
    definition.pop("DefinitionName", None)
    return {
        **definition,
        "TrainingJobName": name,
        "HyperParameters": {**static, **drawn},
        "AlgorithmSpecification": dict(definition["AlgorithmSpecification"]),
    }


def ranges_of(given: Mapping[str, Any]) -> Iterator[Range]:
    """The ranges in the order of the API's members."""
    for kind, whole in (("Integer", True), ("Continuous", False)):
        for each in given.get(f"{kind}ParameterRanges", []):
            yield Numbers(
                name=each["Name"],
                least=float(each["MinValue"]),
                most=float(each["MaxValue"]),
                whole=whole,
                scale=each.get("ScalingType", "Auto"),
            )
    for each in given.get("CategoricalParameterRanges", []):
        yield Choice(name=each["Name"], values=tuple(each["Values"]))


def _faults(request: Mapping[str, Any]) -> Iterator[str]:
    config, definition = request[_CONFIG], request.get(_DEFINITION)
    if definition is None:
        yield f"{_DEFINITION} is needed."
        return
    objective = config.get("HyperParameterTuningJobObjective", {}).get("MetricName")
    known = specification(definition).get("MetricDefinitions", [])
    names = [each["Name"] for each in known]
    if objective not in names:
        listed = ", ".join(names) or "none"
        yield f"The objective metric {objective} is not defined by the training job ({listed})."
    ranges = config.get("ParameterRanges", {})
    drawn = [
        each["Name"] for listed in ranges.values() if isinstance(listed, list) for each in listed
    ]
    if not drawn:
        yield "ParameterRanges needs at least one range."
    both = sorted({name for name in drawn if name in definition.get("StaticHyperParameters", {})})
    if both:
        yield f"Hyperparameters are static and tuned at the same time: {', '.join(both)}."
    for kind in ("Integer", "Continuous"):
        for each in ranges.get(f"{kind}ParameterRanges", []):
            yield from _range_faults(each)


def _range_faults(each: Mapping[str, Any]) -> Iterator[str]:
    try:
        least, most = float(each["MinValue"]), float(each["MaxValue"])
    except ValueError:
        yield f"The range of {each['Name']} has ends that are no numbers."
        return
    if least >= most:
        yield f"MinValue of {each['Name']} must be less than MaxValue, got {least:g} and {most:g}."
    if each.get("ScalingType") == "Logarithmic" and least <= 0:
        yield f"A logarithmic range must be above 0, got {least:g} for {each['Name']}."


def _unemulated(request: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"{member} of tuning jobs" for member in _UNEMULATED if request.get(member))
    if request.get("TrainingJobDefinitions"):
        yield "tuning of several algorithms (TrainingJobDefinitions)"
    config = request[_CONFIG]
    if config["Strategy"] not in STRATEGIES:
        yield f"the tuning strategy {config['Strategy']} (here: {', '.join(STRATEGIES)})"
    for member in ("TuningJobCompletionCriteria", "StrategyConfig"):
        if config.get(member):
            yield f"{member} of tuning jobs"
    if config["ResourceLimits"].get("MaxRuntimeInSeconds"):
        yield "MaxRuntimeInSeconds of tuning jobs"
    if config.get("ParameterRanges", {}).get("AutoParameters"):
        yield "AutoParameters of tuning jobs"
    if request.get(_DEFINITION, {}).get("HyperParameterTuningResourceConfig"):
        yield "HyperParameterTuningResourceConfig of tuning jobs"
