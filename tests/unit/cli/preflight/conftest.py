"""A stage whose needs preflight asks about."""

import json
from pathlib import Path

import pytest

from cli.preflight.needs import Needs, needs_of
from tests.unit.cli.preflight.account_world import ACCOUNT, REGION, template


@pytest.fixture
def needs(tmp_path: Path) -> Needs:
    """A stage that stands on everything."""
    properties = {"templateFile": "S.template.json", "requiresBootstrapStackVersion": 8}
    stack = {
        "type": "aws:cloudformation:stack",
        "environment": f"aws://{ACCOUNT}/{REGION}",
        "properties": properties,
    }
    (tmp_path / "manifest.json").write_text(json.dumps({"artifacts": {"S": stack}}))
    (tmp_path / "S.template.json").write_text(json.dumps(template()))
    return needs_of(tmp_path, regions=(REGION,))
