"""Section `pipeline` of the project file: its specification, and every fault at once."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from stacks.project.faults import ProjectFaultsError
from stacks.project.load import load_project
from stacks.project.pipelines import Execution, Mode, StoredSource
from stacks.project.spec import ProjectSpec
from tidegate.requests import TrafficKind

BASE = dedent("""\
    project: shop
    stages:
      staging: { region: eu-west-1, log_days: 7, data_on_destroy: delete }
      prod: { region: eu-west-1 }
    models:
      fraud:
        framework: scikit-learn
        framework_version: "1.9-0"
        artifact: build/fraud/v1
        hosting: { instance_type: ml.m5.large }
    pipeline:
      mode: delivery
      source: { s3: {} }
      stages: { staging: staging, production: prod }
      traffic:
        fraud: { file: requests.jsonl }
      approvers: [ops@example.com]
    """)

TOKENS = "{ authentication: jwt, jwt: { issuer: https://id.example.com, audience: a } }"

Load = Callable[..., ProjectSpec]
Faults = Callable[..., list[str]]


@pytest.fixture
def load(folder: Path) -> Load:
    """The project after replacing text in its good file."""
    (folder / "requests.jsonl").write_text('{"body": {"amount": 1}}\n')

    def change(*changes: tuple[str, str]) -> ProjectSpec:
        text = BASE
        for before, after in changes:
            assert before in text
            text = text.replace(before, after, 1)
        (folder / "tidegate.yaml").write_text(text)
        return load_project(folder / "tidegate.yaml")

    return change


@pytest.fixture
def told(load: Load) -> Faults:
    """The faults of the same, without their places."""

    def faults(*changes: tuple[str, str]) -> list[str]:
        with pytest.raises(ProjectFaultsError) as refusal:
            load(*changes)
        return [fault.message for fault in refusal.value.faults]

    return faults


def test_a_section_is_a_pipeline(load: Load):
    """With every default filled in."""
    pipeline = load().pipeline
    assert pipeline is not None
    assert (pipeline.mode, pipeline.stages) == (Mode.DELIVERY, ("staging", "prod"))
    assert pipeline.source == StoredSource(key="source.zip")
    assert pipeline.execution is Execution.SUPERSEDED
    assert pipeline.traffic["fraud"].kind is TrafficKind.SYNTHETIC
    assert (pipeline.project_file, pipeline.alarm) == ("tidegate.yaml", None)


def test_a_project_without_the_section_has_no_pipeline(load: Load):
    """It is deployed by hand."""
    section = BASE[BASE.index("pipeline:") :]
    assert load((section, "")).pipeline is None


def test_the_pipeline_lives_where_staging_does(load: Load):
    """Unless tools says where."""
    pipeline = load().pipeline
    assert pipeline is not None
    home = pipeline.home
    assert (home.region, home.account, home.log_days, home.keep_data) == (
        "eu-west-1",
        None,
        7,
        False,
    )


@pytest.mark.parametrize("mode", ["integration", "delivery", "deployment"])
def test_one_word_changes_the_mode(load: Load, mode: str):
    """Everything else may stay as it is."""
    pipeline = load(("mode: delivery", f"mode: {mode}")).pipeline
    assert pipeline is not None
    assert pipeline.mode == mode
    assert pipeline.stages == (() if mode == "integration" else ("staging", "prod"))


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ("mode: delivery", "mode: delivring", "integration, delivery, deployment"),
        ("source: { s3: {} }", "source: {}", "either s3 or repository"),
        ("s3: {}", "s3: { key: source.tar }", "ends with .zip"),
        ("production: prod", "production: staging", "both staging"),
        ("production: prod", "production: live", "no stage of this file"),
        ("  stages: { staging: staging, production: prod }\n", "", "mode delivery names"),
        ("fraud: { file", "fruad: { file", "did you mean fraud"),
        ("requests.jsonl", "absent.jsonl", "cannot be read"),
        ("ops@example.com", "https://hooks.example.com", "e-mail address"),
        ("staging: { region: eu-west-1", "staging: { region: eu-west-2", "one region"),
        (
            "prod: { region: eu-west-1 }",
            'prod: { region: eu-west-1, account: "123456789012" }',
            "account of staging is missing",
        ),
        (
            "ml.m5.large }\n",
            "ml.m5.large }\n    release: { strategy: big-bang }\n",
            "released by its deploy",
        ),
        (
            "ml.m5.large }\n",
            "ml.m5.large }\n    release: { mechanism: dns }\n",
            "is released by dns",
        ),
        (
            "data_on_destroy: delete }",
            f"data_on_destroy: delete, front_door: {TOKENS} }}",
            "takes tokens",
        ),
    ],
)
def test_a_fault_says_what_to_do(told: Faults, before: str, after: str, fault: str):
    """In the words of the section."""
    assert any(fault in message for message in told((before, after))), told((before, after))


def test_all_faults_come_at_once(told: Faults):
    """One run, one list."""
    faults = told(
        ("source: { s3: {} }", "source: {}"),
        ("production: prod", "production: live"),
        ("requests.jsonl", "absent.jsonl"),
    )
    assert len(faults) == 3


def test_a_faulty_line_of_traffic_is_told(told: Faults, folder: Path):
    """With its number."""
    (folder / "requests.jsonl").write_text('{"body": 1}\n{"bodi": 1}\n')
    (fault,) = told()
    assert "requests.jsonl: line 2" in fault


def test_no_stage_may_have_the_pipelines_name(told: Faults):
    """Synth calls the place of the pipeline so."""
    faults = told(("  prod: {", "  pipeline: {"), ("production: prod", "production: pipeline"))
    assert any("rename the stage" in fault for fault in faults)
