"""Stacks of services whose arms have resources of their own: what is live stays as it is."""

import json
from pathlib import Path
from typing import Any

import pytest

from gate.acknowledge import acknowledge
from gate.check import own_findings
from gate.lint import lint
from gate.read import read
from stacks.composition.deployment import Deployment
from stacks.idle_costs import assembly_costs
from stacks.project.load import load_project
from stacks.project.placement import PlacementError
from tests.synth.assembly import ROOT, Assembly, synthesize
from tests.synth.examples import project_file
from tidegate.pointer import LivePointer
from tidegate.slots import Slot
from tidegate.version import Version

EXAMPLE = ROOT / "examples" / "ai" / "releases.yaml"
CHAT, UPSELL = "tried-dev-ai-chat", "tried-dev-ai-upsell"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example's project file, whose bot may be changed."""
    return project_file(EXAMPLE, tmp_path_factory.mktemp("arms"))


@pytest.fixture(scope="module")
def first(file: Path) -> Assembly:
    """The first deploy."""
    project = load_project(file)
    return synthesize(Deployment(project=project, stage="dev", folder=file.parent / "first"))


@pytest.fixture(scope="module")
def live(first: Assembly) -> tuple[LivePointer, dict[str, Any]]:
    """The pointer at the first deploy's bot, live in green by now, and its settings."""
    (verify,) = first.resources(CHAT, "Custom::ReleaseVerify").values()
    told = dict(verify["Properties"]["Slots"]["blue"])
    uri = str(told["artifact_uri"].get("Fn::Sub"))
    key = uri.rpartition("/")[2]
    document = json.loads((first.folder / f"asset.{key}").read_text())
    version = Version.from_json({**told, "artifact_uri": uri.replace("${AWS::AccountId}", "1")})
    pointer = LivePointer(
        model="chat", slot=Slot.GREEN, version=version, generation=3, moved_at=0.0, moved_by="r"
    )
    return pointer, document["settings"]


@pytest.fixture(scope="module")
def later(file: Path, live: tuple[LivePointer, dict[str, Any]]) -> Assembly:
    """A deploy of another bot beside the live one."""
    pointer, settings = live
    change_bot(file)
    deployment = Deployment(
        project=load_project(file),
        stage="dev",
        folder=file.parent / "later",
        pointers={"chat": pointer},
        live_settings={"chat": settings},
    )
    return synthesize(deployment)


def change_bot(file: Path) -> None:
    """The file says another thing."""
    bot = file.parent / "files" / "shop.toml"
    bot.write_text(bot.read_text().replace("Which order?", "Which order, please?"))


def bots(assembly: Assembly) -> dict[str, str]:
    """The bots by logical id, as text."""
    found = assembly.resources(CHAT, "AWS::Lex::Bot")
    return {id_: json.dumps(bot["Properties"]) for id_, bot in found.items()}


def test_what_is_the_same_is_there_once(first: Assembly) -> None:
    """Both slots hold the bot: there is one; each recipe of a test has a solution."""
    assert set(bots(first)) == {"BotBlue"}
    solutions = first.resources(UPSELL, "AWS::Personalize::Solution")
    assert set(solutions) == {"SolutionA", "SolutionB", "SolutionC"}
    assert set(first.resources(UPSELL, "AWS::Personalize::DatasetGroup")) == {"Group"}


def test_the_live_bot_stays_and_the_new_one_is_in_the_idle_slot(
    first: Assembly, later: Assembly
) -> None:
    """With its version, by the content of its file."""
    assert set(bots(later)) == {"BotBlue", "BotGreen"}
    assert "please" in bots(later)["BotBlue"]
    stayed = bots(later)["BotGreen"].replace("-green", "-blue")
    assert stayed == bots(first)["BotBlue"]
    (was,) = first.resources(CHAT, "AWS::Lex::BotVersion")
    assert was.replace("Blue", "Green") in later.resources(CHAT, "AWS::Lex::BotVersion")


def test_arms_change_after_the_guard_and_are_declared_after_that(later: Assembly) -> None:
    """Guard, arms and functions, verification."""
    resources = later.templates[CHAT]["Resources"]
    arms = {id_ for id_ in resources if id_.startswith(("Bot", "Alias")) and id_ != "BotRole"}
    assert all("ReleaseGuard" in resources[id_]["DependsOn"] for id_ in arms)
    assert arms <= set(resources["ReleaseVerify"]["DependsOn"])


def test_functions_are_told_of_each_arm(later: Assembly) -> None:
    """By slot; and what has to be there before a recipe is released."""
    door = later.templates[CHAT]["Resources"]["AnswerAiRequest"]["Properties"]
    told = json.loads(door["Environment"]["Variables"]["AI_OWN"]["Fn::Sub"])
    assert told == {
        slot.lower(): {"bot": f"${{Bot{slot}}}", "alias": f"${{Alias{slot}.BotAliasId}}"}
        for slot in ("Blue", "Green")
    }
    ready = json.loads(later.templates[UPSELL]["Outputs"]["Ready"]["Value"])
    assert set(ready) == {"a", "b", "c"}
    assert "tidegate ai upsell run" in ready["b"]["after"]


def test_without_the_live_settings_there_is_no_template(
    file: Path, live: tuple[LivePointer, dict[str, Any]], later: Assembly
) -> None:
    """Rather none than one that takes the live bot away."""
    assert later.templates
    pointers = {"chat": live[0]}
    deployment = Deployment(
        project=load_project(file), stage="dev", folder=file.parent / "never", pointers=pointers
    )
    with pytest.raises(PlacementError, match="has no settings of chat"):
        synthesize(deployment)


def test_a_campaign_is_told_as_what_bills(first: Assembly) -> None:
    """Though a run makes it."""
    costs = assembly_costs(first.folder, region="us-east-1")
    items = {cost.item: cost.count for stack in costs for cost in stack.costs}
    assert items["personalize_campaign"] == 1


def test_nothing_is_found_in_the_template_of_two_bots(later: Assembly) -> None:
    """cfn-lint and the gate's own rules; those of the first deploy are looked at as an example."""
    templates = read([later.folder / f"{CHAT}.template.json"])
    found = acknowledge([*own_findings(templates), *lint(templates)], templates)
    assert [str(one) for one in found if one.open] == []
