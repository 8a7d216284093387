"""A project folder that is right, to be made wrong in one place at a time."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from stacks.project.faults import ProjectFaultsError
from stacks.project.load import load_project

GOOD = dedent("""\
    project: shop
    stages:
      dev:
        region: eu-west-1
    models:
      fraud:
        framework: scikit-learn
        framework_version: "1.9-0"
        artifact: build/fraud/v1
        hosting:
          instance_type: ml.m5.large
          instances: { min: 1, max: 2 }
        data_capture: { percent: 0 }
        release:
          strategy: canary
          steps:
            - { share_percent: 10, bake: 10m }
            - { share_percent: 50, bake: 10m }
          guardrails:
            errors: { margin: 0.02 }
    """)


def write_artifact(folder: Path) -> None:
    """A least artifact that a framework's container takes."""
    (folder / "code").mkdir(parents=True)
    (folder / "code" / "inference.py").write_text("def model_fn(model_dir): ...\n")
    (folder / "model.joblib").write_bytes(b"trained")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a good project file and its artifact."""
    write_artifact(tmp_path / "build" / "fraud" / "v1")
    (tmp_path / "tidegate.yaml").write_text(GOOD)
    return tmp_path


@pytest.fixture
def faults(folder: Path) -> Callable[..., list[str]]:
    """The faults of the good file after replacing text in it, as they are printed."""

    def change(*changes: tuple[str, str]) -> list[str]:
        text = GOOD
        for before, after in changes:
            assert before in text
            text = text.replace(before, after, 1)
        (folder / "tidegate.yaml").write_text(text)
        try:
            load_project(folder / "tidegate.yaml")
        except ProjectFaultsError as error:
            return [str(fault) for fault in error.faults]
        return []

    return change
