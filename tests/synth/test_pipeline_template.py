"""The pipeline's template: what each mode does, under which roles, started by what."""

import json
from typing import Any

import pytest

from gate.lint import matches
from send_traffic.events import ROUND_SECONDS
from stacks.components.pipeline_builds import BUILDSPECS
from stacks.project.spec import ProjectSpec
from tests.synth.assembly import Assembly
from tests.synth.pipelines import NAMES, STACK, actions_of, assembly, example, pipeline_of
from tidegate.delivery.run import ACTION_SECONDS, LEAST_WAIT_SECONDS, MOST_WAIT_SECONDS

DAY = 86_400
MOST_EVENTS = 25_000
"""Events a Standard execution's history may hold (Step Functions service quotas)."""

DELIVERED = ["Deploy", "Release", "Verify"]


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ProjectSpec]:
    """Every example."""
    return {name: example(tmp_path_factory.mktemp(name), name) for name in NAMES}


@pytest.fixture(scope="module")
def pipelines(
    projects: dict[str, ProjectSpec], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Assembly]:
    """The pipeline of every example."""
    return {
        name: assembly(tmp_path_factory.mktemp(name), project, "pipeline")
        for name, project in projects.items()
    }


@pytest.fixture(scope="module")
def production(
    projects: dict[str, ProjectSpec], tmp_path_factory: pytest.TempPathFactory
) -> Assembly:
    """Stage prod of the example with three accounts."""
    return assembly(tmp_path_factory.mktemp("prod"), projects["multi-account"], "prod")


@pytest.fixture(scope="module")
def staging(projects: dict[str, ProjectSpec], tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """Stage staging of the example of delivery."""
    return assembly(tmp_path_factory.mktemp("staging"), projects["delivery"], "staging")


def action(made: Assembly, stage: str, name: str) -> dict[str, Any]:
    """One action of a pipeline."""
    (found,) = [
        each
        for each_stage in pipeline_of(made)["Stages"]
        if each_stage["Name"] == stage
        for each in each_stage["Actions"]
        if each["Name"] == name
    ]
    return dict(found)


def statements(made: Assembly, stack: str, role: str) -> list[dict[str, Any]]:
    """Everything that a role allows."""
    properties = made.templates[stack]["Resources"][role]["Properties"]
    return [
        statement
        for policy in properties["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
    ]


def test_integration_ends_after_the_checks(pipelines: dict[str, Assembly]):
    """Nothing is deployed, and no role may deploy."""
    made = pipelines["integration"]
    assert actions_of(pipeline_of(made)) == {"Source": ["Source"], "Checks": ["Checks"]}
    assert "sts:AssumeRole" not in json.dumps(statements(made, STACK, "PipelineRole"))


def test_delivery_asks_before_production(pipelines: dict[str, Assembly]):
    """With evidence in the message."""
    made = pipelines["delivery"]
    assert actions_of(pipeline_of(made)) == {
        "Source": ["Source"],
        "Checks": ["Checks", "Review"],
        "Staging": DELIVERED,
        "Approval": ["Evidence", "Approve"],
        "Production": DELIVERED,
    }
    asked = action(made, "Approval", "Approve")["Configuration"]
    assert asked["CustomData"] == "#{Evidence.SUMMARY}"
    assert asked["ExternalEntityLink"] == "#{Evidence.LINK}"
    (topic,) = made.resources(STACK, "AWS::SNS::Subscription").values()
    assert topic["Properties"]["Endpoint"] == "release-managers@example.com"


def test_deployment_asks_nobody(pipelines: dict[str, Assembly]):
    """What passes is released."""
    assert list(actions_of(pipeline_of(pipelines["deployment"]))) == [
        "Source",
        "Checks",
        "Staging",
        "Production",
    ]


@pytest.mark.parametrize(("name", "mode"), [("delivery", "SUPERSEDED"), ("deployment", "QUEUED")])
def test_type_and_execution_mode_are_stated(pipelines: dict[str, Assembly], name: str, mode: str):
    """V2, whatever a feature flag says."""
    pipeline = pipeline_of(pipelines[name])
    assert (pipeline["PipelineType"], pipeline["ExecutionMode"]) == ("V2", mode)


@pytest.mark.parametrize("name", NAMES)
def test_no_stage_rolls_back(pipelines: dict[str, Assembly], name: str):
    """A stage that holds a release fails: the release machine has put the old version back."""
    for stage in pipeline_of(pipelines[name])["Stages"]:
        assert "OnFailure" not in stage


def test_a_release_waits_for_its_machine(pipelines: dict[str, Assembly]):
    """Under a role of the stage's account, told which execution it belongs to."""
    released = action(pipelines["multi-account"], "Production", "Release")
    assert released["ActionTypeId"]["Provider"] == "StepFunctions"
    assert released["RoleArn"] == "arn:aws:iam::333333333333:role/flights-prod-pipeline-release"
    configured = released["Configuration"]
    assert configured["StateMachineArn"].endswith("333333333333:stateMachine:flights-prod-delivery")
    told = json.loads(configured["Input"])
    assert told["delivery_id"] == "#{codepipeline.PipelineExecutionId}"
    assert (told["task"], told["round"]) == ("deliver", 1)
    assert len(configured["Input"]) <= 1_000


def test_an_alarm_is_looked_at_before_production(pipelines: dict[str, Assembly]):
    """In production's account; minutes, not seconds."""
    stages = {stage["Name"]: stage for stage in pipeline_of(pipelines["multi-account"])["Stages"]}
    (condition,) = stages["Production"]["BeforeEntry"]["Conditions"]
    (rule,) = condition["Rules"]
    assert condition["Result"] == "FAIL"
    assert rule["Configuration"] == {
        "AlarmName": "flights-prod-health",
        "AlarmStates": "OK",
        "WaitTime": "5",
    }
    assert rule["RoleArn"] == "arn:aws:iam::333333333333:role/flights-prod-pipeline-release"
    assert "BeforeEntry" not in stages["Staging"]


def test_rights_of_the_rule_are_granted(production: Assembly):
    """CodePipeline asks with the role of the rule."""
    allowed = statements(production, "flights-prod-access", "PipelineRelease")
    assert {"cloudwatch:DescribeAlarms"} <= {a for s in allowed for a in s["Action"]}


def test_a_stage_trusts_named_roles_of_the_tools_account_only(production: Assembly):
    """By condition, so that they need not exist yet."""
    resources = production.templates["flights-prod-access"]["Resources"]
    (trusted,) = resources["PipelineRelease"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert trusted["Principal"] == {"AWS": "arn:aws:iam::111111111111:root"}
    assert trusted["Condition"] == {
        "ArnEquals": {"aws:PrincipalArn": ["arn:aws:iam::111111111111:role/flights-pipeline"]}
    }
    (readers,) = resources["PipelineRead"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert readers["Condition"]["ArnEquals"]["aws:PrincipalArn"] == [
        "arn:aws:iam::111111111111:role/flights-pipeline-deploy-prod",
        "arn:aws:iam::111111111111:role/flights-pipeline-evidence",
    ]


def test_a_deploy_takes_the_roles_of_its_own_stage_only(pipelines: dict[str, Assembly]):
    """CDK's bootstrap roles and the reader's."""
    (taken,) = [
        statement
        for statement in statements(pipelines["multi-account"], STACK, "DeployProdBuildRole")
        if statement["Action"] == ["sts:AssumeRole"]
    ]
    assert len(taken["Resource"]) == 4
    assert all("::333333333333:role/" in resource for resource in taken["Resource"])


def test_checks_may_touch_no_account(pipelines: dict[str, Assembly]):
    """They read the source, write their artifact and their log."""
    actions = {
        action.split(":")[0]
        for statement in statements(pipelines["delivery"], STACK, "ChecksBuildRole")
        for action in statement["Action"]
    }
    assert actions == {"s3", "kms", "logs"}


def test_artifacts_are_encrypted_with_a_key_of_the_pipeline(pipelines: dict[str, Assembly]):
    """Buckets, builds and store name it; it rotates."""
    made = pipelines["delivery"]
    (key,) = made.resources(STACK, "AWS::KMS::Key").values()
    assert key["Properties"]["EnableKeyRotation"] is True
    assert pipeline_of(made)["ArtifactStore"]["EncryptionKey"]["Type"] == "KMS"
    for bucket in made.resources(STACK, "AWS::S3::Bucket").values():
        (rule,) = bucket["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"


@pytest.mark.parametrize("name", NAMES)
def test_buildspecs_are_files(pipelines: dict[str, Assembly], name: str):
    """Word for word."""
    files = {path.read_text() for path in BUILDSPECS.glob("*.yml")}
    builds = pipelines[name].resources(STACK, "AWS::CodeBuild::Project").values()
    assert builds
    specs = [build["Properties"]["Source"]["BuildSpec"] for build in builds]
    assert {spec["Fn::Sub"] if isinstance(spec, dict) else spec for spec in specs} <= files


@pytest.fixture(scope="module")
def legacy(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """The pipeline of the example of delivery, reviewed by CodeGuru Reviewer."""
    folder = tmp_path_factory.mktemp("legacy")
    return assembly(folder, example(folder, "delivery", engine="codeguru-reviewer"), "pipeline")


def test_codeguru_reviewer_is_behind_a_switch(legacy: Assembly, pipelines: dict[str, Assembly]):
    """Its association is acknowledged as of a closed service, and in no template otherwise."""
    kind = "AWS::CodeGuruReviewer::RepositoryAssociation"
    assert not pipelines["delivery"].resources(STACK, kind)
    (association,) = legacy.resources(STACK, kind).values()
    (row,) = association["Metadata"]["tidegate"]["acknowledged"]
    assert row["rule"] == "closed-service"
    assert "2025-11-07" in row["reason"]
    bucket = legacy.templates[STACK]["Resources"]["ReviewCode"]["Properties"]["BucketName"]
    assert bucket["Fn::Sub"].startswith("codeguru-reviewer-")
    build = legacy.templates[STACK]["Resources"]["ReviewBuild"]["Properties"]
    assert "--engine codeguru-reviewer" in build["Source"]["BuildSpec"]["Fn::Sub"]


def test_a_review_runs_beside_the_checks(pipelines: dict[str, Assembly]):
    """Its bar is the stack's, its findings go to a group that it may report to and not make."""
    made = pipelines["delivery"]
    assert action(made, "Checks", "Review")["RunOrder"] == 1
    build = made.templates[STACK]["Resources"]["ReviewBuild"]["Properties"]
    variables = {v["Name"]: v["Value"] for v in build["Environment"]["EnvironmentVariables"]}
    assert variables["REVIEW_OPTIONS"] == "--fail-on high --ignore B101"
    allowed = statements(made, STACK, "ReviewBuildRole")
    (told,) = [s for s in allowed if s["Action"][0].startswith("codebuild:")]
    assert told["Resource"] == [{"Fn::GetAtt": ["ReviewReports", "Arn"]}]
    assert "codebuild:CreateReportGroup" not in told["Action"]
    (group,) = made.resources(STACK, "AWS::CodeBuild::ReportGroup").values()
    assert group["Properties"]["DeleteReports"] is True


def test_an_upload_starts_the_pipeline(pipelines: dict[str, Assembly]):
    """By an event; nothing polls."""
    made = pipelines["delivery"]
    (rule,) = made.resources(STACK, "AWS::Events::Rule").values()
    assert rule["Properties"]["EventPattern"]["detail"]["object"] == {"key": ["source.zip"]}
    sources = made.templates[STACK]["Resources"]["Sources"]["Properties"]
    assert sources["VersioningConfiguration"] == {"Status": "Enabled"}
    source = action(made, "Source", "Source")["Configuration"]
    assert source["PollForSourceChanges"] == "false"


def test_an_approved_package_starts_the_same_pipeline(pipelines: dict[str, Assembly]):
    """And the builds may see which one it was."""
    made = pipelines["deployment"]
    (rule,) = made.resources(STACK, "AWS::Events::Rule").values()
    assert rule["Properties"]["EventPattern"]["detail"] == {
        "ModelPackageGroupName": ["flights"],
        "ModelApprovalStatus": ["Approved"],
    }
    (allowed,) = statements(made, STACK, "TriggerRole")
    assert allowed["Action"] == ["codepipeline:StartPipelineExecution"]
    checks = statements(made, STACK, "ChecksBuildRole")
    (asks,) = [each for each in checks if "sagemaker:" in json.dumps(each["Action"])]
    assert asks["Action"] == ["sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages"]
    # Both are rights on versions: AWS asks for no right on the group when it lists them.
    versions = json.dumps(asks["Resource"])
    assert ":model-package/flights/*" in versions
    assert ":model-package-group/" not in versions


def test_a_connection_is_used_under_both_of_its_names(pipelines: dict[str, Assembly]):
    """The service was renamed; the provider of the action was not."""
    made = pipelines["deployment"]
    source = action(made, "Source", "Source")
    assert source["ActionTypeId"]["Provider"] == "CodeStarSourceConnection"
    allowed = json.dumps(statements(made, STACK, "PipelineRole"))
    assert "codeconnections:UseConnection" in allowed
    assert "codestar-connections:UseConnection" in allowed


def test_staging_has_traffic(staging: Assembly):
    """Its requests are an asset of the stack; production has no such function."""
    resources = staging.templates["flights-staging-release"]["Resources"]
    sender = resources["SendTraffic"]["Properties"]
    told = json.loads(sender["Environment"]["Variables"]["TRAFFIC"]["Fn::Sub"])
    assert told["flights"]["requests_per_minute"] == 120
    key = told["flights"]["key"]
    assert [path.name for path in staging.folder.glob("*.jsonl")] == [f"asset.{key}"]


def test_production_has_no_traffic_of_ours(production: Assembly):
    """Its machine waits between two looks."""
    resources = production.templates["flights-prod-release"]["Resources"]
    assert "SendTraffic" not in resources
    machine = json.loads(resources["DeliveryMachine"]["Properties"]["DefinitionString"])
    assert machine["States"]["Standing"]["Default"] == "Wait"
    assert "Send" not in machine["States"]


def test_a_machine_of_another_account_retries_under_a_role_of_the_tools(
    production: Assembly, pipelines: dict[str, Assembly]
):
    """What outlasts its action is handed over by role."""
    role = "arn:aws:iam::111111111111:role/flights-pipeline-resume"
    resources = production.templates["flights-prod-release"]["Resources"]
    machine = json.loads(resources["DeliveryMachine"]["Properties"]["DefinitionString"])
    assert machine["States"]["Resume"]["Credentials"] == {"RoleArn": role}
    trusting = pipelines["multi-account"].templates[STACK]["Resources"]["ResumeRole"]["Properties"]
    (trusted,) = trusting["AssumeRolePolicyDocument"]["Statement"]
    assert (
        "arn:aws:iam::333333333333:role/flights-prod-delivery"
        in (trusted["Condition"]["ArnEquals"]["aws:PrincipalArn"])
    )


def test_a_delivery_outlasts_its_action_within_one_history():
    """Looks of a hundred days, and rounds of traffic of a week, fit an execution's history.

    A task has five events, a choice and a wait two (Step Functions API, HistoryEventType).
    """
    looks, waited = 0, 0
    while waited < 100 * DAY:
        waited += min(MOST_WAIT_SECONDS, max(LEAST_WAIT_SECONDS, waited // 10))
        looks += 1
    rounds = ACTION_SECONDS // ROUND_SECONDS
    assert looks * (5 + 2 + 2) < MOST_EVENTS
    assert rounds * (5 + 5 + 2) < MOST_EVENTS


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_cfn_lint_finds_nothing(pipelines: dict[str, Assembly], region: str):
    """Warnings count."""
    found = [str(f) for made in pipelines.values() for f in made.folder.glob("*.template.json")]
    assert len(found) == len(NAMES)
    assert [str(match) for match in matches(found, region=region)] == []
