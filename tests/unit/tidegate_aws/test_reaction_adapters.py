"""What a reaction reads of the world, and how each of its acts begins."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from botocore.stub import Stubber

from tests.aws import mocked_aws
from tests.botocore_model import watched_requests
from tests.release_world import ReleaseWorld
from tests.samples import MODEL, RELEASE, START, pointer, version
from tests.unit.tidegate.reaction.test_reaction_decisions import act
from tests.unit.tidegate_aws.test_training_runs import client
from tidegate.errors import NotFoundError, ReleaseRefusedError
from tidegate.reaction.back import no_way_back
from tidegate_aws import clients
from tidegate_aws.packages import Registry
from tidegate_aws.reactions import AwsSurroundings, GoingBack, Retraining
from tidegate_aws.trained_versions import AwsTrainedVersions
from tidegate_aws.training_runs import PipelineRuns

BUCKET = "monitor"
ARN = "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/p/execution/abcdefghijkl"
PACKAGE = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/group/4"


@pytest.fixture
def s3() -> Iterator[Any]:
    """An empty bucket; every request keeps AWS's own rules."""
    with mocked_aws(), watched_requests() as requests:
        clients.s3().create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        yield clients.s3()
    assert requests.faults == []


def surroundings(world: ReleaseWorld, s3: Any, **more: Any) -> AwsSurroundings:
    """Of the model of the world."""
    return AwsSurroundings(model=MODEL, s3=s3, bucket=BUCKET, store=world.store, **more)


def test_a_report_is_read_once_there_is_one(s3: Any) -> None:
    """None before the first look."""
    found = surroundings(ReleaseWorld.deployed(), s3)
    assert found.report() is None
    s3.put_object(Bucket=BUCKET, Key="report.json", Body=json.dumps({"word": "drift"}))
    assert found.report() == {"word": "drift"}


def test_what_is_live_and_under_way_is_told(s3: Any) -> None:
    """The open release, the run that goes on, the version that waits."""
    world, sagemaker = ReleaseWorld.deployed(), client("sagemaker")
    world.prepare()
    stub = Stubber(sagemaker)
    summaries = [
        {"PipelineExecutionArn": f"{ARN}x", "PipelineExecutionStatus": "Succeeded"},
        {"PipelineExecutionArn": ARN, "PipelineExecutionStatus": "Executing"},
    ]
    stub.add_response(
        "list_model_packages", {"ModelPackageSummaryList": [_summary()]}, _waiting_asked()
    )
    stub.add_response("list_pipeline_executions", {"PipelineExecutionSummaries": summaries})
    with stub:
        around = surroundings(
            world,
            s3,
            runs=PipelineRuns(client=sagemaker, pipeline="p"),
            registry=Registry(client=sagemaker, group="group"),
        ).around()
    assert around.live == version("v1").digest
    assert around.open_release == RELEASE
    assert around.running == "abcdefghijkl"
    assert around.waiting == "model-package/group/4"
    assert around.no_way_back == "v1 was live first, no version was before it"


def _summary() -> dict[str, Any]:
    return {
        "ModelPackageName": "group/4",
        "ModelPackageArn": PACKAGE,
        "CreationTime": START,
        "ModelPackageStatus": "Completed",
    }


def _waiting_asked() -> dict[str, Any]:
    return {
        "ModelPackageGroupName": "group",
        "ModelApprovalStatus": "PendingManualApproval",
        "SortBy": "CreationTime",
        "SortOrder": "Descending",
        "MaxResults": 1,
    }


def test_nothing_is_waited_for_where_nothing_is_trained(s3: Any) -> None:
    """Neither pipeline nor registry is asked."""
    around = surroundings(ReleaseWorld.deployed(), s3).around()
    assert (around.running, around.waiting, around.open_release) == (None, None, None)


def test_before_the_first_deploy_there_is_no_world(s3: Any) -> None:
    """The sentence says what to do."""
    with pytest.raises(NotFoundError, match="deploy it"):
        surroundings(ReleaseWorld(), s3).around()


def test_a_retraining_begins_under_the_token_of_its_act() -> None:
    """And is compared with what is live."""
    sagemaker, world = client("sagemaker"), ReleaseWorld.deployed()
    stub, token = Stubber(sagemaker), "t" * 32
    parameters = [{"Name": "LiveArtifact", "Value": "s3://bucket/v1.tar.gz"}]
    stub.add_response(
        "start_pipeline_execution",
        {"PipelineExecutionArn": ARN},
        {"PipelineName": "p", "PipelineParameters": parameters, "ClientRequestToken": token},
    )
    runs = PipelineRuns(client=sagemaker, pipeline="p")
    with stub:
        retraining = Retraining(model=MODEL, store=world.store, runs=runs)
        assert retraining.begin(replace(act(1, at=START), token=token)) == ARN


def promoted() -> ReleaseWorld:
    """v2 is live after a release, v1 is in the idle slot."""
    world = ReleaseWorld.deployed()
    world.run()
    assert world.record().phase.terminal
    return world


def going_back(world: ReleaseWorld) -> GoingBack:
    """The way back of that world."""
    return GoingBack(
        model=MODEL, store=world.store, traffic=world.moving, executions=world.executions
    )


def test_the_version_before_is_released_once() -> None:
    """By the model's own plan, under an id that follows from the act."""
    world = promoted()
    back = going_back(world)
    release_id = back.begin(act(1, at=START))
    assert back.begin(act(1, at=START)) == release_id == f"{MODEL}-20270115-080000-t"
    assert world.executions.started[-1] == (release_id, 1)
    assert no_way_back(world.store, MODEL, _pointer(world)) is None


def test_what_may_not_be_released_is_refused() -> None:
    """By the rules of every release."""
    world = promoted()
    world.endpoints.change("demo-test-flights", status="Updating")
    with pytest.raises(ReleaseRefusedError, match="Updating"):
        going_back(world).begin(act(1, at=START))


def _pointer(world: ReleaseWorld) -> Any:
    found = world.store.pointer(MODEL)
    assert found is not None
    return found


@dataclass
class Registered:
    """SageMaker as far as it says where a package's evaluation is."""

    asked: list[str] = field(default_factory=list)

    def describe_model_package(self, ModelPackageName: str) -> dict[str, Any]:  # noqa: N803
        """What the service answers."""
        self.asked.append(ModelPackageName)
        uri = f"s3://{BUCKET}/runs/k3v/output/evaluation.json"
        return {"ModelMetrics": {"ModelQuality": {"Statistics": {"S3Uri": uri}}}}


def trained(s3: Any, artifact: str) -> AwsTrainedVersions:
    """The versions of a model whose live one has this artifact."""
    world = ReleaseWorld.deployed()
    first = pointer(generation=2)
    world.store.put_pointer(replace(first, version=replace(first.version, artifact=artifact)))
    registered: Any = Registered()
    return AwsTrainedVersions(
        model=MODEL, store=world.store, sagemaker=registered, s3=s3, bucket=BUCKET
    )


def test_a_live_version_that_was_trained_here_is_told(s3: Any) -> None:
    """By its package; what came with the project is none."""
    live = trained(s3, PACKAGE).live()
    assert live is not None
    assert (live.label, live.moved_at) == ("package-4", START)
    assert trained(s3, "sha256-v1").live() is None


def test_what_a_run_left_is_beside_its_evaluation(s3: Any) -> None:
    """Rows may be missing, the evaluation is not."""
    versions = trained(s3, PACKAGE)
    live = versions.live()
    assert live is not None
    assert versions.lines(live) is None
    folder = "runs/k3v/output"
    s3.put_object(Bucket=BUCKET, Key=f"{folder}/baseline.jsonl", Body=b"one\ntwo\n")
    s3.put_object(Bucket=BUCKET, Key=f"{folder}/evaluation.json", Body=b'{"rows": 5}')
    read = versions.lines(live)
    assert read is not None
    assert [list(read()), list(read())] == [["one", "two"]] * 2
    assert versions.evaluation(live) == {"rows": 5}


def test_what_is_kept_of_a_version_is_found_again(s3: Any) -> None:
    """By its number."""
    versions = trained(s3, PACKAGE)
    live = versions.live()
    assert live is not None
    assert versions.kept(live) is None
    versions.keep(live, "text")
    assert versions.kept(live) == "text"
