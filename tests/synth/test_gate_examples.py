"""No example of the repository raises an alarm, in any tool of the gate."""

from pathlib import Path

import pytest

from gate.check import check
from gate.read import read
from stacks.composition.deployment import Deployment
from stacks.project.load import load_project
from tests.synth.assembly import synthesize
from tests.synth.examples import ALL, project_file


@pytest.mark.accept
@pytest.mark.parametrize("example", ALL, ids=lambda path: path.stem)
def test_example_raises_no_alarm(example: Path, tmp_path: Path):
    """Our rules, cfn-lint and cdk-nag; every stage of it."""
    project = load_project(project_file(example, tmp_path))
    made = [
        synthesize(Deployment(project=project, stage=stage, folder=tmp_path / stage)).folder
        for stage in project.stages
    ]

    report = check(read(made))

    assert [(str(f.place), f.rule, f.fault.wrong) for f in report.open] == []
