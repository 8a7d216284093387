"""What the training toolkit makes of a configuration."""

import json
from pathlib import Path

import pytest

from emulator.sagemaker.jobs import paths
from emulator.sagemaker.jobs.place import resources
from emulator.sagemaker.jobs.training.toolkit import (
    NoProgramError,
    Setup,
    arguments,
    failure,
    variables,
)

BASE = Path("/home/job/opt/ml")


def setup(**hyperparameters: str) -> Setup:
    """A job with these hyperparameters and the channel `train`."""
    return Setup(
        base=BASE,
        hyperparameters=hyperparameters,
        channels={"train": {"TrainingInputMode": "File"}},
        resources=resources("ml.m5.large"),
        environment={},
    )


def test_hyperparameters_become_arguments_sorted_by_name():
    """One-letter names have one hyphen, mappings are pairs, the toolkit's own are left out."""
    given = setup(
        rate="0.5", n="3", flag="true", name='"x"', map='{"b": 1, "a": 2}', sagemaker_program="t.py"
    )
    assert arguments(given) == [
        *("--flag", "True"),
        *("--map", "a=2,b=1"),
        *("-n", "3"),
        *("--name", "x"),
        *("--rate", "0.5"),
    ]


def test_variables_name_the_folders_of_the_job():
    """Values that are no texts are JSON."""
    told = variables(setup(rate="0.5", sagemaker_program='"t.py"'), BASE / "code")
    assert told["SM_MODEL_DIR"] == "/home/job/opt/ml/model"
    assert told["SM_CHANNEL_TRAIN"] == "/home/job/opt/ml/input/data/train"
    assert told["SM_MODULE_NAME"] == "t"
    assert told["SM_HP_RATE"] == "0.5"
    assert json.loads(told["SM_FRAMEWORK_PARAMS"]) == {"sagemaker_program": "t.py"}
    assert json.loads(told["SM_HOSTS"]) == ["algo-1"]


def test_the_program_may_be_named_by_a_variable():
    """And must be named."""
    named = Setup(
        base=BASE,
        hyperparameters={},
        channels={},
        resources=resources("ml.m5.large"),
        environment={"SAGEMAKER_PROGRAM": "t.py"},
    )
    assert named.program == "t.py"
    with pytest.raises(NoProgramError, match="sagemaker_program"):
        _ = setup().program


def test_a_failure_tells_the_last_traceback():
    """Or the last line, where there is none."""
    lines = ["Traceback (most recent call last):", "  old", "noise", "Traceback (x):", "ValueError"]
    told = failure(setup(sagemaker_program="t.py"), exit_code=1, last_lines=lines)
    assert told == (
        'ExecuteUserScriptError:\nExitCode 1\nErrorMessage "Traceback (x):\nValueError"\n'
        'Command "python t.py"'
    )
    told = failure(setup(sagemaker_program="t.py"), exit_code=2, last_lines=["a", "b"])
    assert 'ErrorMessage "b"' in told


def test_paths_of_the_container_are_told_as_those_of_the_job():
    """Wherever they stand in a text, but not as a part of another name."""
    told = paths.told({"a": ["--in=/opt/ml/x", "/opt/mlx", "/a/opt/ml/y"]}, BASE)
    assert told == {"a": [f"--in={BASE}/x", "/opt/mlx", "/a/opt/ml/y"]}
    assert not paths.is_below("/opt/ml/../etc")
    assert paths.is_below("/opt/ml/processing/x")
