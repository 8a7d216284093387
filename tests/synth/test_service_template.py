"""The stacks of AI services: what they hold, what they cost idle, what they may do."""

import json
from pathlib import Path

import pytest

from gate.acknowledge import acknowledge
from gate.check import own_findings
from gate.lint import lint
from gate.read import read
from stacks.closed_services import closed_services
from stacks.idle_costs import assembly_costs
from stacks.project.load import load_project
from tests.synth.assembly import ROOT, Assembly
from tests.synth.examples import project_file, synthesized
from tidegate.ai.kinds import KINDS, kind_named

EXAMPLE = ROOT / "examples" / "ai" / "tidegate.yaml"
LEGACY = ROOT / "examples" / "ai" / "legacy.yaml"
CLOSED = ("AWS::Kendra::", "AWS::Forecast::", "AWS::FraudDetector::", "AWS::CodeGuruReviewer::")
SHARED, SOCIAL = "helpers-dev-ai", "helpers-dev-ai-social"


@pytest.fixture(scope="module")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """The example's."""
    return synthesized(EXAMPLE, tmp_path_factory.mktemp("services"))


def kinds_of(assembly: Assembly, stack: str) -> list[str]:
    """The types of a stack's resources."""
    return sorted(one["Type"] for one in assembly.templates[stack]["Resources"].values())


def test_what_all_services_share(assembly: Assembly) -> None:
    """A door, a dead-letter queue with one alarm, and what empties buckets that go."""
    assert kinds_of(assembly, SHARED) == [
        "AWS::ApiGatewayV2::Api",
        "AWS::ApiGatewayV2::Stage",
        "AWS::CloudWatch::Alarm",
        "AWS::IAM::Role",
        "AWS::Lambda::Function",
        *["AWS::Logs::LogGroup"] * 2,
        "AWS::SQS::Queue",
        "AWS::SQS::QueuePolicy",
    ]


def test_what_a_service_is_made_of(assembly: Assembly) -> None:
    """Two functions, a way for files, a memory, five routes; the alarm was asked for."""
    assert kinds_of(assembly, SOCIAL) == [
        "AWS::ApiGatewayV2::Integration",
        *["AWS::ApiGatewayV2::Route"] * 5,
        "AWS::CloudWatch::Alarm",
        "AWS::DynamoDB::Table",
        "AWS::Events::Rule",
        *["AWS::IAM::Role"] * 2,
        "AWS::Lambda::EventSourceMapping",
        *["AWS::Lambda::Function"] * 2,
        "AWS::Lambda::Permission",
        *["AWS::Logs::LogGroup"] * 2,
        "AWS::S3::Bucket",
        "AWS::S3::BucketPolicy",
        "AWS::SQS::Queue",
        "AWS::SQS::QueuePolicy",
        "Custom::EmptyBucket",
    ]


def test_searched_documents_do_not_expire(assembly: Assembly) -> None:
    """What arrived and its results do, after the days that the project file says."""
    (bucket,) = assembly.resources("helpers-dev-ai-handbook", "AWS::S3::Bucket").values()
    rules = bucket["Properties"]["LifecycleConfiguration"]["Rules"]
    expiring = {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules if "Prefix" in rule}
    assert expiring == {"in/": 30, "results/": 30}
    assert not [rule for rule in rules if "ExpirationInDays" in rule and "Prefix" not in rule]


def test_every_route_asks_who_calls(assembly: Assembly) -> None:
    """Of every service, but for pages; people of a service show its tokens."""
    routes = [
        route["Properties"]
        for stack in assembly.templates
        for route in assembly.resources(stack, "AWS::ApiGatewayV2::Route").values()
    ]
    others = {r["RouteKey"]: r for r in routes if r["AuthorizationType"] != "AWS_IAM"}
    pages = {key for key, route in others.items() if route["AuthorizationType"] == "NONE"}
    assert pages == {
        "GET /ai/sorting/page",
        *(f"GET /ai/sorting/page/{name}" for name in ("script", "boxes", "style", "told")),
    }
    people = {key: route["AuthorizerId"] for key, route in others.items() if key not in pages}
    assert people == {
        f"POST /ai/sorting/{name}": {"Ref": "PeopleTokens"}
        for name in ("next", "label", "give-back")
    }


def test_nobody_signs_up_by_themselves(assembly: Assembly) -> None:
    """People are invited; the page's client has no secret, and gets codes only, on its own page."""
    stack = "helpers-dev-ai-sorting"
    (pool,) = assembly.resources(stack, "AWS::Cognito::UserPool").values()
    assert pool["Properties"]["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}
    (client,) = assembly.resources(stack, "AWS::Cognito::UserPoolClient").values()
    told = client["Properties"]
    assert (told["GenerateSecret"], told["AllowedOAuthFlows"]) == (False, ["code"])
    (page,) = told["CallbackURLs"]
    assert page["Fn::Sub"][0] == "${Api}/ai/sorting/page"


def test_every_kind_is_in_the_example(assembly: Assembly) -> None:
    """Users see each of them at work."""
    told = {
        template["Outputs"]["Kind"]["Value"]
        for stack, template in assembly.templates.items()
        if stack.startswith(f"{SHARED}-")
    }
    assert told == set(KINDS)


def test_the_example_idles_within_a_dollar_a_month(assembly: Assembly) -> None:
    """By the table of prices, with nothing unknown; there is no release loop to pay for."""
    costs = assembly_costs(assembly.folder, region="us-east-1")
    assert [cost.item for stack in costs for cost in stack.unknown] == []
    assert sum(stack.known for stack in costs) <= 1.0


@pytest.mark.parametrize("name", sorted(KINDS))
def test_a_function_calls_only_what_its_role_allows(assembly: Assembly, name: str) -> None:
    """Each declared operation is in the template's policies of that function."""
    stack = next(
        stack
        for stack, template in assembly.templates.items()
        if template.get("Outputs", {}).get("Kind", {}).get("Value") == name
    )
    allowed = {
        action
        for role in assembly.resources(stack, "AWS::IAM::Role").values()
        for policy in role["Properties"].get("Policies", ())
        for statement in policy["PolicyDocument"]["Statement"]
        for action in statement["Action"]
    }
    kind = kind_named(name)
    assert kind.routes
    assert {a for a in allowed if a.startswith(f"{name}:")} or kind.resources


def test_no_closed_type_is_in_the_example(assembly: Assembly) -> None:
    """What AWS closed to new accounts is behind a switch."""
    types = {one for stack in assembly.templates for one in kinds_of(assembly, stack)}
    assert [one for one in types if one.startswith(CLOSED)] == []


def test_what_a_kind_learns_from_does_not_expire(assembly: Assembly) -> None:
    """Files of other kinds all do."""
    prefixes = {}
    for stack in (SOCIAL, f"{SHARED}-demand"):
        (bucket,) = assembly.resources(stack, "AWS::S3::Bucket").values()
        rules = bucket["Properties"]["LifecycleConfiguration"]["Rules"]
        prefixes[stack] = [rule.get("Prefix") for rule in rules if "ExpirationInDays" in rule]
    assert prefixes == {SOCIAL: [None], f"{SHARED}-demand": ["in/", "results/", "runs/"]}


def test_closed_services_are_told_at_synth(tmp_path: Path) -> None:
    """Each with its date and what to take instead; the example of what is open has none."""
    closed, plain = (tmp_path / name for name in ("closed", "plain"))
    for folder in (closed, plain):
        folder.mkdir()
    project = load_project(project_file(LEGACY, closed))
    told = list(closed_services(project, project.stages["dev"]))
    begin = (
        "service demand: Amazon Forecast",
        "service handbook: Kendra",
        "service sorting: Ground Truth",
        "service orders: Fraud",
    )
    assert [one.startswith(words) for one, words in zip(told, begin, strict=True)] == [True] * 4
    since = ("2024-07-29", "2026-07-30", "2026-07-30", "2025-11-07")
    instead = ("sagemaker", "knowledge", "tidegate", "model")
    for one, date, engine in zip(told, since, instead, strict=True):
        assert f"closed to new customers since {date}" in one
        assert f"engine: {engine}" in one
    usual = load_project(project_file(EXAMPLE, plain))
    assert list(closed_services(usual, usual.stages["dev"])) == []


def test_every_closed_engine_is_in_its_example(tmp_path: Path) -> None:
    """Each resource of one is acknowledged as of a closed service."""
    legacy = synthesized(LEGACY, tmp_path)
    types = [one for stack in legacy.templates for one in kinds_of(legacy, stack)]
    assert {"AWS::Kendra::Index", "AWS::Forecast::Dataset", "AWS::FraudDetector::Detector"} <= {
        *types
    }
    templates = read([legacy.folder])
    found = [one for one in own_findings(templates) if one.rule == "closed-service"]
    assert len(found) == len([one for one in types if one.startswith(CLOSED)])
    assert [str(one) for one in acknowledge(found, templates) if one.open] == []


def test_nothing_is_found_in_the_templates(assembly: Assembly) -> None:
    """cfn-lint and the gate's own rules."""
    templates = read([assembly.folder])
    found = acknowledge([*own_findings(templates), *lint(templates)], templates)
    assert [str(one) for one in found if one.open] == []


def test_two_synths_are_the_same_bytes(tmp_path: Path, assembly: Assembly) -> None:
    """The document of settings, too."""
    again = synthesized(EXAMPLE, tmp_path)
    assert json.dumps(again.templates) == json.dumps(assembly.templates)
