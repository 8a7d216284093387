"""Training jobs of built-in algorithms: their program, and the metrics that they define. Pure."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from emulator.algorithms.hyperparameters import tables
from emulator.algorithms.registry import Known, metric_patterns
from emulator.sagemaker.jobs.training.toolkit import PROGRAM
from emulator.sagemaker.serving.runners import algorithm_of

CUSTOMER = 2
"""Exit code of an algorithm's program whose input is wrong."""
_ROOT = Path(__file__).resolve().parents[4]
_PROGRAM = (
    "import sys; sys.path.insert(0, {root!r}); "
    "from emulator.algorithms.training import main; sys.exit(main({name!r}))"
)


def algorithm_in(request: Mapping[str, Any]) -> Known | None:
    """The built-in algorithm that a job trains by; None where a program of the user's does.

    XGBoost's image is both: it runs the program that hyperparameters or variables name.
    """
    named = PROGRAM in request.get("HyperParameters", request.get("StaticHyperParameters", {}))
    if named or "SAGEMAKER_PROGRAM" in request.get("Environment", {}):
        return None
    return algorithm_of(request["AlgorithmSpecification"].get("TrainingImage", ""))


def algorithm_command(name: str) -> list[str]:
    """What is executed to train by an algorithm."""
    return [sys.executable, "-I", "-u", "-c", _PROGRAM.format(root=str(_ROOT), name=name)]


def specification(request: Mapping[str, Any]) -> Mapping[str, Any]:
    """The `AlgorithmSpecification`, with the metrics that a built-in algorithm defines itself."""
    given: Mapping[str, Any] = request["AlgorithmSpecification"]
    known = algorithm_in(request)
    if known is None:
        return given
    found = metric_patterns(known.name, tables()[known.name]["metrics"])
    defined = [{"Name": name, "Regex": pattern} for name, pattern in found.items()]
    own = {each["Name"] for each in given.get("MetricDefinitions", [])}
    kept = [each for each in defined if each["Name"] not in own]
    return {**given, "MetricDefinitions": [*given.get("MetricDefinitions", []), *kept]}
