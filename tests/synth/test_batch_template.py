"""What the stacks of batches say: slots, starts, deadlines, and what never moves."""

import json
from pathlib import Path
from typing import Any

import pytest

from stacks.composition.deployment import Deployment
from stacks.project.load import load_project
from tests.synth.assembly import ROOT, Assembly, synthesize
from tests.synth.examples import project_file
from tidegate.batch.plan import BatchPlan, BatchPointer
from tidegate.slots import Slot
from tidegate.version import Version

EXAMPLE = ROOT / "examples" / "offline" / "chain.yaml"
LATE, MINUTES = "offline-dev-batch-late", "offline-dev-batch-minutes"
OLD = Version(
    digest="an-old-digest",
    label="v0",
    image="141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-scikit-learn:1.9-0",
    artifact="old",
    artifact_uri="s3://bucket/old.tar.gz",
)


@pytest.fixture(scope="module")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """The example, in which the green slot of `late` is live with an older version."""
    folder = tmp_path_factory.mktemp("offline")
    project = load_project(project_file(EXAMPLE, folder))
    pointer = BatchPointer(slot=Slot.GREEN, version=OLD)
    return synthesize(
        Deployment(
            project=project,
            stage="dev",
            folder=folder / "cdk.out",
            batch_pointers={"late": pointer},
        )
    )


def _properties(assembly: Assembly, stack: str, id_: str) -> dict[str, Any]:
    found: dict[str, Any] = assembly.templates[stack]["Resources"][id_]["Properties"]
    return found


def test_an_offline_project_has_no_endpoint(assembly: Assembly):
    """Nothing that serves online is made."""
    types = {
        resource["Type"]
        for template in assembly.templates.values()
        for resource in template["Resources"].values()
    }
    assert not types & {"AWS::SageMaker::Endpoint", "AWS::SageMaker::EndpointConfig"}


def test_a_deploy_changes_the_idle_slot_only(assembly: Assembly):
    """The live version stays where the pointer says it is."""
    declared = _properties(assembly, LATE, "BatchGuard")

    assert declared["Live"] == "green"
    assert declared["Slots"]["green"]["digest"] == OLD.digest
    assert declared["Slots"]["blue"]["digest"] != OLD.digest
    models = assembly.resources(LATE, "AWS::SageMaker::Model")
    assert sorted(models) == ["OfflineDevLateBlueBatch", "OfflineDevLateGreenBatch"]
    assert all("BatchGuard" in model["DependsOn"] for model in models.values())


def test_every_function_of_batches_is_deployed(assembly: Assembly):
    """No handler is left behind."""
    functions = assembly.resources(MINUTES, "AWS::Lambda::Function").values()
    deployed = {function["Properties"]["Handler"].split(".")[0] for function in functions}

    assert deployed == {path.parent.name for path in (ROOT / "lambda").glob("*_batch/handler.py")}


def test_places_that_hold_data_are_pinned(assembly: Assembly):
    """Another logical id would be another, empty place."""
    resources = assembly.templates[LATE]["Resources"]
    assert resources["BatchBucket"]["Type"] == "AWS::S3::Bucket"
    assert resources["RunTable"]["Type"] == "AWS::DynamoDB::Table"


def test_the_functions_are_told_what_the_project_file_says(assembly: Assembly):
    """The plan comes out of a function's environment as it went in."""
    variables = _properties(assembly, MINUTES, "PlanBatch")["Environment"]["Variables"]
    text = variables["BATCH"]["Fn::Sub"]

    plan = BatchPlan.from_json(json.loads(text), {})

    assert (plan.model, plan.columns[-1].name, plan.columns[-1].most) == ("minutes", "late", 1)
    assert plan.usd_per_hour is not None
    assert "estimate" in plan.price_said


def test_one_model_starts_by_its_schedule_and_the_other_by_the_first_ones_end(assembly: Assembly):
    """The chain is an event, not a reference between stacks."""
    scheduled = _properties(assembly, LATE, "BatchRule")
    chained = _properties(assembly, MINUTES, "BatchRule")

    assert scheduled["ScheduleExpression"] == "cron(0 3 * * ? *)"
    assert chained["EventPattern"]["detail"]["model"] == ["late"]
    assert chained["EventPattern"]["detail"]["status"] == ["done"]


def test_the_job_is_what_the_project_file_says(assembly: Assembly):
    """Instances and payload are in the machine; a manifest of validated objects is its input."""
    text = _properties(assembly, LATE, "BatchMachine")["DefinitionString"]
    job = json.loads(text)["States"]["Transform"]["Parameters"]

    assert job["TransformResources"] == {"InstanceType": "ml.m5.large", "InstanceCount": 2}
    assert job["TransformInput"]["DataSource"]["S3DataSource"]["S3DataType"] == "ManifestFile"
    assert job["TransformInput"]["SplitType"] == job["TransformOutput"]["AssembleWith"] == "Line"


def test_a_batch_without_sla_has_no_deadline(tmp_path: Path):
    """Neither its machine nor its alarm."""
    file = project_file(EXAMPLE, tmp_path)
    file.write_text(file.read_text().replace("      sla: 2h\n", ""))
    made = synthesize(
        Deployment(project=load_project(file), stage="dev", folder=tmp_path / "cdk.out")
    )

    ids = made.templates[LATE]["Resources"]
    assert not {"DeadlineMachine", "BatchLate"} & set(ids)
    definition = json.loads(_properties(made, LATE, "BatchMachine")["DefinitionString"])
    assert definition["States"]["Validate"]["Next"] == "Validated"
