"""No example of the repository raises an alarm, in any tool of the gate."""

import re
from pathlib import Path

import pytest

from gate.check import check
from gate.read import read
from stacks.application import Deployment
from stacks.project.load import load_project
from tests.synth.assembly import ROOT, synthesize

EXAMPLES = (ROOT / "tidegate.yaml", *sorted((ROOT / "examples").glob("*/*.yaml")))
_ARTIFACT = re.compile(r"artifact: \S*build/(?P<name>\S+)")


def _text(example: Path, folder: Path) -> str:
    """The example, with a least artifact in the place of each trained model."""
    text = example.read_text(encoding="utf-8")
    for name in set(_ARTIFACT.findall(text)):
        code = folder / "models" / name / "code"
        code.mkdir(parents=True)
        (code / "inference.py").write_text(f'"""{name}"""\ndef model_fn(model_dir): ...\n')
    return _ARTIFACT.sub(r"artifact: models/\g<name>", text)


@pytest.mark.accept
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_example_raises_no_alarm(example: Path, tmp_path: Path):
    """Our rules, cfn-lint and cdk-nag; every stage of it."""
    file = tmp_path / "tidegate.yaml"
    file.write_text(_text(example, tmp_path))
    project = load_project(file)
    made = [
        synthesize(Deployment(project=project, stage=stage, folder=tmp_path / stage)).folder
        for stage in project.stages
    ]

    report = check(read(made))

    assert [(str(f.place), f.rule, f.fault.wrong) for f in report.open] == []
