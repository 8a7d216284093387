"""What the release stack says: state, functions and their rights, front door, request log."""

import json
from typing import Any

import pytest

from stacks.components.arns import Arns
from stacks.components.functions import Surroundings, function_table
from stacks.project.spec import StageSpec
from tests.synth.assembly import ROOT, Assembly

STACK = "shop-dev-release"

STATEFUL = {
    "ReleaseTable": "AWS::DynamoDB::Table",
    "ObservationTable": "AWS::DynamoDB::Table",
    "SigningSecret": "AWS::SecretsManager::Secret",
}
"""Logical ids that may never change: another id is another, empty table (decision record 0011)."""


def _role(assembly: Assembly, function: str) -> list[dict[str, Any]]:
    role = assembly.templates[STACK]["Resources"][f"{function}Role"]
    work: list[dict[str, Any]] = role["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    return work


def _actions(assembly: Assembly, function: str) -> set[str]:
    return {action for statement in _role(assembly, function) for action in statement["Action"]}


def test_logical_ids_of_state_are_pinned(first: Assembly):
    """A changed id would replace the table."""
    resources = first.templates[STACK]["Resources"]

    assert {id_: resources[id_]["Type"] for id_ in STATEFUL} == STATEFUL


def test_state_outlives_its_stack_unless_the_stage_says_otherwise(first: Assembly, later: Assembly):
    """Keep is the default; a replacement never deletes."""
    for id_ in STATEFUL:
        kept = first.templates[STACK]["Resources"][id_]
        dropped = later.templates["shop-prod-release"]["Resources"][id_]
        assert (kept["DeletionPolicy"], kept["UpdateReplacePolicy"]) == ("Retain", "Retain")
        assert (dropped["DeletionPolicy"], dropped["UpdateReplacePolicy"]) == ("Delete", "Retain")


def test_stage_that_keeps_its_data_is_protected(first: Assembly, later: Assembly):
    """`cdk destroy` of such a stage has to be meant."""
    kept = json.loads((first.folder / "manifest.json").read_text())["artifacts"][STACK]
    dropped = json.loads((later.folder / "manifest.json").read_text())["artifacts"]

    assert kept["properties"]["terminationProtection"] is True
    assert dropped["shop-prod-release"]["properties"]["terminationProtection"] is False


def test_tables_are_encrypted_and_can_be_restored(first: Assembly):
    """Point-in-time recovery and encryption, keys pk and sk, billed by use."""
    for table in first.resources(STACK, "AWS::DynamoDB::Table").values():
        properties = table["Properties"]
        assert properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
        assert properties["SSESpecification"]["SSEEnabled"]
        assert properties["BillingMode"] == "PAY_PER_REQUEST"
        assert [key["AttributeName"] for key in properties["KeySchema"]] == ["pk", "sk"]


def test_only_observations_expire(first: Assembly):
    """Releases are history."""
    tables = first.resources(STACK, "AWS::DynamoDB::Table")

    ttl = tables["ObservationTable"]["Properties"]["TimeToLiveSpecification"]
    assert ttl == {"AttributeName": "expires_at", "Enabled": True}
    assert "TimeToLiveSpecification" not in tables["ReleaseTable"]["Properties"]


def test_secret_stands_nowhere(first: Assembly):
    """AWS generates the key; the template knows its id only."""
    secret = first.templates[STACK]["Resources"]["SigningSecret"]["Properties"]

    assert "SecretString" not in secret
    generated = secret["GenerateSecretString"]
    assert json.loads(generated["SecretStringTemplate"]) == {"current": "k1"}
    assert generated["GenerateStringKey"] == "k1"


def test_every_function_has_a_handler_that_exists(first: Assembly):
    """Handler strings are dotted paths from inside lambda/."""
    for function in first.resources(STACK, "AWS::Lambda::Function").values():
        package, module, name = function["Properties"]["Handler"].split(".")
        source = (ROOT / "lambda" / package / f"{module}.py").read_text()
        assert f"def {name}(" in source


def _packages(assembly: Assembly, stack: str) -> set[str]:
    functions = assembly.resources(stack, "AWS::Lambda::Function").values()
    return {function["Properties"]["Handler"].split(".")[0] for function in functions}


OF_OTHER_STACKS = {
    "ask_fleet",
    "monitor_model",
    "observe_devices",
    "react_to_findings",
    "answer_ai_request",
    "do_ai_work",
    "run_profiled",
}
"""Functions of fleets, devices, monitors and services, and what wraps any that is profiled."""


def test_every_function_of_the_folder_is_deployed(first: Assembly, later: Assembly):
    """No handler is left behind but those of a stage that takes files, or has a pipeline.

    Those of batches and monitors are in stacks of their own, and answers are collected where a
    model has asynchronous endpoints; fleets are put to sleep where there are any that may.
    """
    deployed = _packages(later, "shop-prod-release")
    elsewhere = {
        *("follow_delivery", "open_delivery", "send_traffic"),
        *("collect_answer", "rest_fleets"),
    }

    assert deployed - _packages(first, STACK) == {"import_outcomes"}
    assert deployed | elsewhere == {
        path.parent.name
        for path in (ROOT / "lambda").glob("*/handler.py")
        if not path.parent.name.endswith("_batch") and path.parent.name not in OF_OTHER_STACKS
    }


def test_every_function_has_its_own_role_and_log(first: Assembly):
    """Nothing is shared, logs expire, and each may write its own log only."""
    resources = first.templates[STACK]["Resources"]
    for id_, function in first.resources(STACK, "AWS::Lambda::Function").items():
        assert function["Properties"]["Role"] == {"Fn::GetAtt": [f"{id_}Role", "Arn"]}
        assert function["Properties"]["LoggingConfig"] == {"LogGroup": {"Ref": f"{id_}Log"}}
        assert resources[f"{id_}Log"]["Properties"]["RetentionInDays"] == 90
        log = resources[f"{id_}Role"]["Properties"]["Policies"][1]["PolicyDocument"]["Statement"]
        assert log[0]["Resource"] == [{"Fn::GetAtt": [f"{id_}Log", "Arn"]}]


def test_only_the_gate_has_fixed_names(first: Assembly):
    """Other stacks call them by name; all else is generated."""
    named = {
        function["Properties"]["FunctionName"]
        for function in first.resources(STACK, "AWS::Lambda::Function").values()
        if "FunctionName" in function["Properties"]
    }

    assert named == {
        "shop-dev-empty-bucket",
        "shop-dev-guard-release",
        "shop-dev-verify-release",
    }


def test_only_one_function_may_move_traffic(first: Assembly):
    """Weights are written by the release machine's shift, and read by others."""
    movers = {
        id_
        for id_ in first.resources(STACK, "AWS::Lambda::Function")
        if "sagemaker:UpdateEndpointWeightsAndCapacities" in _actions(first, id_)
    }

    assert movers == {"ShiftTraffic"}


def test_the_judge_touches_nothing_but_releases(first: Assembly):
    """A verdict needs the stored observations only."""
    assert {action.split(":")[0] for action in _actions(first, "JudgeRelease")} == {"dynamodb"}
    for statement in _role(first, "JudgeRelease"):
        assert statement["Resource"] == [{"Fn::GetAtt": ["ReleaseTable", "Arn"]}]


def test_the_guard_changes_no_endpoint(first: Assembly):
    """It reads what is live, and opens releases of deploys that SageMaker moves."""
    assert _actions(first, "GuardRelease") == {
        *("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem"),
        *("dynamodb:ConditionCheckItem", "sagemaker:DescribeEndpoint"),
        *("cloudformation:DescribeStacks", "states:StartExecution"),
        *("cloudwatch:DescribeAlarms", "cloudwatch:PutMetricData"),
    }


def test_functions_reach_the_stages_endpoints_only(first: Assembly):
    """Another stage's endpoints, and other projects', are out of reach."""
    (invoke,) = [
        s for s in _role(first, "RouteRequest") if "sagemaker:InvokeEndpoint" in s["Action"]
    ]

    assert invoke["Resource"] == [
        {"Fn::Sub": "arn:aws:sagemaker:eu-west-1:${AWS::AccountId}:endpoint/shop-dev-*"}
    ]


def test_every_function_has_the_variables_its_code_needs(first: Assembly):
    """What a handler says it needs is what the template gives it."""
    for function in first.resources(STACK, "AWS::Lambda::Function").values():
        package = function["Properties"]["Handler"].split(".")[0]
        source = (ROOT / "lambda" / package / "handler.py").read_text()
        given = set(function["Properties"]["Environment"]["Variables"])
        variables = ("RELEASE_TABLE", "OBSERVATION_TABLE", "SIGNING_SECRET_ARN")
        needed = {name for name in variables if f"Variable.{name}" in source}
        assert needed <= given, package
        assert not (set(variables) & given) - needed, f"{package} is given more than it needs"


def test_front_door_refuses_unsigned_requests(first: Assembly):
    """Every route is authorized by IAM."""
    routes = first.resources(STACK, "AWS::ApiGatewayV2::Route").values()

    assert {r["Properties"]["RouteKey"] for r in routes} == {
        "POST /models/{model}/predictions",
        "POST /outcomes",
    }
    assert {r["Properties"]["AuthorizationType"] for r in routes} == {"AWS_IAM"}


def test_front_door_is_throttled_and_logs_accesses(first: Assembly):
    """A default limit holds for every route."""
    (stage,) = first.resources(STACK, "AWS::ApiGatewayV2::Stage").values()

    settings = stage["Properties"]["DefaultRouteSettings"]
    assert (settings["ThrottlingRateLimit"], settings["ThrottlingBurstLimit"]) == (500, 1000)
    assert "$context.requestId" in stage["Properties"]["AccessLogSettings"]["Format"]


@pytest.mark.parametrize("writer", ["RouteRequest", "RecordOutcome"])
def test_request_log_is_counted(first: Assembly, writer: str):
    """Marked lines of the front door go to aggregate_requests, which admits no other log group."""
    resources = first.templates[STACK]["Resources"]
    subscription = resources[f"{writer}Subscription"]
    permission = resources[f"{writer}LogPermission"]["Properties"]

    assert subscription["Properties"]["FilterPattern"] == '{ $.log = "tidegate" }'
    assert subscription["Properties"]["LogGroupName"] == {"Ref": f"{writer}Log"}
    assert subscription["DependsOn"] == [f"{writer}LogPermission"]
    assert permission["SourceArn"] == {"Fn::GetAtt": [f"{writer}Log", "Arn"]}


def test_outputs_are_what_the_command_line_reads(first: Assembly):
    """All other names are generated and found here."""
    assert set(first.templates[STACK]["Outputs"]) == {
        "ReleaseTableName",
        "ObservationTableName",
        "ReleaseMachineArn",
        "ApiUrl",
        "DashboardName",
        "NotificationTopicArn",
        "SigningSecretArn",
    }


def test_dashboard_shows_each_slot_of_each_model(first: Assembly):
    """Three graphs of slots a model, one line a slot, and three of its release."""
    (dashboard,) = first.resources(STACK, "AWS::CloudWatch::Dashboard").values()
    widgets = json.loads(dashboard["Properties"]["DashboardBody"])["widgets"]

    titles = [w["properties"]["title"] for w in widgets]
    assert sum(title.startswith("fraud: ") for title in titles) == 6
    assert sum(title.startswith("price: ") for title in titles) == 6
    of_slots = [w for w in widgets if w["properties"]["metrics"][0][0] == "AWS/SageMaker"]
    assert [len(w["properties"]["metrics"]) for w in of_slots] == [2] * 6


def test_lost_evidence_raises_an_alarm(first: Assembly):
    """A failed execution and an uncounted batch are told to people."""
    alarms = first.resources(STACK, "AWS::CloudWatch::Alarm")

    assert set(alarms) == {"ReleaseFailed", "EvidenceLost", "NewsLost"}
    assert alarms["NewsLost"]["Properties"]["Dimensions"][0]["Value"] == {"Ref": "AnnounceRelease"}
    assert alarms["ReleaseFailed"]["Properties"]["Dimensions"][0]["Value"] == {
        "Ref": "ReleaseMachine"
    }


def test_permissions_are_one_table():
    """Every function stands in the table with a timeout and a sentence."""
    stage = StageSpec(name="dev", region="eu-west-1", partition="aws")
    around = Surroundings(project="shop", arns=Arns(stage=stage))

    table = function_table(around)

    assert len(table) == 15
    assert all(row.description and 0 < row.timeout_seconds <= 900 for row in table.values())
