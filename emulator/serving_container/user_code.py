"""Finds the user's code in an unpacked artifact, as SageMaker's toolkits do."""

import importlib
import os
import sys
from pathlib import Path
from types import ModuleType

CONTAINER_MODEL_DIR = "/opt/ml/model"
"""Where SageMaker unpacks the artifact; paths under it are mapped to the instance's directory."""


class EntryPointError(Exception):
    """The environment names no entry point that can be imported."""


def user_module(model_dir: Path) -> ModuleType:
    """The module that the variables name; EntryPointError or AttributeError without it."""
    program = os.environ.get("SAGEMAKER_PROGRAM")
    if program is None:
        # The real container passes None on to importlib and dies of exactly this error.
        raise AttributeError(
            "'NoneType' object has no attribute 'startswith' (SAGEMAKER_PROGRAM is not set, so "
            "code/ is ignored: set SAGEMAKER_PROGRAM and SAGEMAKER_SUBMIT_DIRECTORY)"
        )
    submit = os.environ.get("SAGEMAKER_SUBMIT_DIRECTORY")
    if submit is None:
        raise EntryPointError(
            "SAGEMAKER_SUBMIT_DIRECTORY is not set, so code/ is ignored: "
            f"set it to {CONTAINER_MODEL_DIR}/code"
        )
    directory = _local_directory(submit, model_dir)
    if not (directory / program).is_file():
        raise EntryPointError(f"{program} was not found in {submit}")
    return imported(directory, program)


def imported(directory: Path, program: str) -> ModuleType:
    """The module of a file below a directory, which is first on the search path from now on."""
    if str(directory) not in sys.path:
        sys.path.insert(0, str(directory))
    importlib.invalidate_caches()
    return importlib.import_module(program.removesuffix(".py").replace("/", "."))


def _local_directory(submit: str, model_dir: Path) -> Path:
    path = submit.removeprefix("file://")
    if path != CONTAINER_MODEL_DIR and not path.startswith(f"{CONTAINER_MODEL_DIR}/"):
        raise EntryPointError(
            f"SAGEMAKER_SUBMIT_DIRECTORY must be a directory under {CONTAINER_MODEL_DIR}, "
            f"got {submit!r}: pack the code into model.tar.gz, the embedded cloud does not "
            "download code from S3"
        )
    return model_dir / path.removeprefix(CONTAINER_MODEL_DIR).lstrip("/")
