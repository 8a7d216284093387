"""What `tidegate init` writes trains, passes the gate, deploys and answers, in its own folder."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.accept

BIN = Path(sys.executable).parent
WINE = [13.2, 1.8, 2.6, 11.2, 100, 2.8, 3.2, 0.3, 2.3, 4.4, 1.0, 4.0, 1050]


class Project:
    """A folder, and commands run in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        clean = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
        self._environment = {**clean, "PATH": path, "PYTHONDONTWRITEBYTECODE": "1"}

    def run(self, *command: str) -> str:
        """What the command printed; it must succeed."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A folder with nothing in it; its cloud is down afterwards."""
    made = Project(tmp_path)
    yield made
    made.run("tidegate", "down", "--yes")


def test_new_project_comes_to_life(project: Project) -> None:
    """Init, train, test, check, preflight, up, deploy, ask."""
    project.run("tidegate", "init", "--name", "cellar")
    project.run(sys.executable, "model/train.py")
    project.run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert "nothing found" in project.run("tidegate", "check")
    costs = json.loads(project.run("tidegate", "cost", "--json"))
    assert costs["stages"][0]["complete"]

    project.run("tidegate", "up", "--time-scale", "60")
    before = json.loads(project.run("tidegate", "preflight", "--json"))
    assert before["ready"], before
    project.run("tidegate", "deploy")
    body = json.dumps({"wines": [WINE]})
    assert json.loads(project.run("tidegate", "invoke", "wine", "--data", body)) == {"kinds": [0]}


def test_its_pipeline_checks_a_change(project: Project) -> None:
    """An upload is built, checked, tested and gated by the project's own Makefile."""
    project.run("tidegate", "init", "--name", "cellar")
    project.run(sys.executable, "model/train.py")
    project.run("tidegate", "up", "--time-scale", "60")
    project.run("tidegate", "pipeline", "deploy")
    project.run("tidegate", "pipeline", "start", "--upload", ".")
    looks = project.run("tidegate", "pipeline", "status", "--watch", "--json").splitlines()
    told = json.loads(looks[-1])
    assert told["status"] == "Succeeded", told


def test_cdk_synth_works_in_the_new_folder(tmp_path: Path) -> None:
    """`python app.py` is what cdk.json says; the assembly is in this folder."""
    made = Project(tmp_path)
    made.run("tidegate", "init", "--name", "cellar")
    made.run(sys.executable, "model/train.py")
    made.run(sys.executable, "app.py")

    assert (tmp_path / "cdk.out" / "cellar-dev-release.template.json").is_file()
