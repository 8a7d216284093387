"""One assembly for all tests of templates, synthesized once a session."""

import pytest

from stacks.composition.deployment import Deployment
from stacks.project.load import load_project
from stacks.project.spec import ProjectSpec
from tests.synth.assembly import LIVE, PROJECT_FILE, Assembly, synthesize


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> ProjectSpec:
    """Two models in two stages."""
    folder = tmp_path_factory.mktemp("project")
    code = folder / "fraud" / "code"
    code.mkdir(parents=True)
    (code / "inference.py").write_text("def model_fn(model_dir): ...\n")
    (folder / "fraud" / "model.joblib").write_bytes(b"trained")
    (folder / "tidegate.yaml").write_text(PROJECT_FILE)
    return load_project(folder / "tidegate.yaml")


@pytest.fixture(scope="session")
def first(project: ProjectSpec, tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """The first deploy of a stage whose account is not known at synth."""
    folder = tmp_path_factory.mktemp("first")
    return synthesize(Deployment(project=project, stage="dev", folder=folder))


@pytest.fixture(scope="session")
def later(project: ProjectSpec, tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """A deploy of a stage with an account, in which fraud's green slot is live."""
    folder = tmp_path_factory.mktemp("later")
    return synthesize(
        Deployment(project=project, stage="prod", folder=folder, pointers={"fraud": LIVE})
    )
