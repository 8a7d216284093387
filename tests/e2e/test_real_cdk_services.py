"""The pinned CDK command line takes the AI services of the example through their life."""

from pathlib import Path

import pytest

from tests.e2e.cdk_command import ROOT
from tests.e2e.real_cdk import stage_in

pytestmark = pytest.mark.accept

EXAMPLES = tuple(ROOT / "examples" / kind / "tidegate.yaml" for kind in ("ai", "labelling"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.parent.name)
def test_life_of_the_services_by_the_real_cdk(tmp_path: Path, example: Path) -> None:
    """Deploy, an empty diff, an update, another empty diff, destroy: nothing is left."""
    with stage_in("us-east-1", tmp_path, first=example) as stage:
        before = stage.left()
        for log_days in (7, 14):
            project = stage.example(example, log_days=log_days)
            stage.cdk("deploy", "--all", "--require-approval", "never", project=project)
            assert "Number of stacks with differences: 0" in stage.again("diff")
        stage.again("destroy", "--all", "--force")
        assert stage.left() == before
