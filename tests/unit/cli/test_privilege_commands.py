"""`tidegate privileges` and `tidegate bootstrap-policy`, from a project file to what is printed."""

import json
from pathlib import Path

import pytest

from cli.exits import Exit
from tests.cli_world import CliWorld
from tests.synth.examples import FILES, project_file


@pytest.fixture
def example(world: CliWorld, tmp_path: Path) -> str:
    """The project file of the example, with a least artifact."""
    world.is_deployed = False
    return str(project_file(FILES[0], tmp_path))


def test_every_right_of_the_example_is_printed_with_its_proof(world: CliWorld, example: str):
    """None is without one, so the command succeeds."""
    said = world.run("privileges", "--project-file", example, "--json")
    assert said.code == Exit.OK
    document = json.loads(said.out)
    assert document["rights"]["neither"] == 0
    shift = next(r for r in document["roles"] if r["role"] == "ShiftTrafficRole")
    assert shift["taken_by"] == "lambda.amazonaws.com"
    moved = "sagemaker:UpdateEndpointWeightsAndCapacities"
    assert {r["action"]: r["story"] for r in shift["rights"]}[moved] == "shift_traffic"


def test_the_policies_are_written_to_files_of_their_own(
    world: CliWorld, example: str, tmp_path: Path
):
    """Their names are what is printed."""
    folder = tmp_path / "policies"
    said = world.run(
        *("bootstrap-policy", "--project-file", example),
        *("--output", str(folder), "--account", "123456789012"),
    )
    assert said.code == Exit.OK
    files = sorted(folder.iterdir())
    assert said.out.split() == [str(file) for file in files]
    assert files[0].name == "tidegate-dev-deploy-1.json"
    text = "".join(file.read_text() for file in files)
    assert "arn:aws:lambda:eu-west-1:123456789012:function:tidegate-dev-*" in text


def test_an_account_that_is_none_is_refused_before_anything_is_made(world: CliWorld, example: str):
    """With the value got."""
    said = world.run("bootstrap-policy", "--project-file", example, "--account", "12")
    assert said.code == Exit.USAGE
    assert "--account is 12 digits, got '12'" in said.err
