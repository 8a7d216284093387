"""Personalize of the embedded cloud, as a client with boto3 sees it."""

import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.server import EmbeddedCloud
from tests.emulated_things import settled
from tests.polling import until

RECIPE = "arn:aws:personalize:::recipe/aws-{}"
SHIRTS, SHOES = ("shirt-1", "shirt-2", "shirt-3"), ("shoe-1", "shoe-2", "shoe-3")


def schema(name: str, *fields: tuple[str, str]) -> str:
    """An Avro schema."""
    told = [{"name": field, "type": kind} for field, kind in fields]
    return json.dumps({"type": "record", "name": name, "fields": told, "version": "1.0"})


def interactions() -> str:
    """Half of the users buy shirts, half shoes; shirt-1 is bought most."""
    rows = ["USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE"]
    for number in range(200):
        items = SHIRTS if number % 2 == 0 else SHOES
        rows += [f"u{number},{item},{1000 + number},purchase" for item in items[:2]]
        rows += [f"u{number},{item},{2000 + number},view" for item in items]
    rows += [f"u{number},shirt-1,{3000 + number},view" for number in range(0, 200, 2)]
    return "\n".join(rows)


ITEMS = "ITEM_ID,CATEGORY,PRICE\n" + "\n".join(
    [f"{item},shirts,{10 * n}" for n, item in enumerate(SHIRTS, start=1)]
    + [f"{item},shoes,{50 * n}" for n, item in enumerate(SHOES, start=1)]
)


@dataclass(frozen=True, kw_only=True)
class Shop:
    """A shop's data, solution versions and campaign."""

    cloud: EmbeddedCloud
    bucket: str
    role: str
    group: str
    tracking_id: str
    versions: dict[str, str]
    campaign: str
    ranking: str

    def client(self, service: str = "personalize") -> Any:
        """A client of the administrator."""
        return self.cloud.session().client(service)

    def recommended(self, **request: Any) -> Any:
        """What the campaign answers."""
        return self.client("personalize-runtime").get_recommendations(
            campaignArn=self.campaign, **request
        )

    def items(self, **request: Any) -> list[str]:
        """The recommended items."""
        return [item["itemId"] for item in self.recommended(**request)["itemList"]]

    def filter(self, expression: str) -> str:
        """A filter's ARN."""
        arn: str = self.client().create_filter(
            name=f"f-{uuid.uuid4().hex[:8]}",
            datasetGroupArn=self.group,
            filterExpression=expression,
        )["filterArn"]
        return arn


FIELDS = {
    "INTERACTIONS": (
        ("USER_ID", "string"),
        ("ITEM_ID", "string"),
        ("TIMESTAMP", "long"),
        ("EVENT_TYPE", "string"),
    ),
    "ITEMS": (("ITEM_ID", "string"), ("CATEGORY", "string"), ("PRICE", "float")),
}


def imported(personalize: Any, group: str, *, bucket: str, role: str) -> None:
    """The data sets of a group have what is in the bucket."""
    imports = []
    for kind, listed in FIELDS.items():
        name = kind.lower()
        told = schema(name, *listed)
        dataset = personalize.create_dataset(
            name=name,
            schemaArn=personalize.create_schema(name=name, schema=told)["schemaArn"],
            datasetGroupArn=group,
            datasetType=kind,
        )["datasetArn"]
        imports.append(
            personalize.create_dataset_import_job(
                jobName=name,
                datasetArn=dataset,
                dataSource={"dataLocation": f"s3://{bucket}/in/{name}.csv"},
                roleArn=role,
            )["datasetImportJobArn"]
        )
    for arn in imports:
        job = settled(
            personalize.describe_dataset_import_job, "datasetImportJob", datasetImportJobArn=arn
        )
        assert job["status"] == "ACTIVE", job


def trained(personalize: Any, group: str) -> dict[str, str]:
    """By recipe the ARN of a solution version that has learned the group's data."""
    versions = {}
    for use in ("user-personalization-v2", "personalized-ranking-v2"):
        solution = personalize.create_solution(
            name=use, datasetGroupArn=group, recipeArn=RECIPE.format(use)
        )["solutionArn"]
        versions[use] = personalize.create_solution_version(solutionArn=solution)[
            "solutionVersionArn"
        ]
    for arn in versions.values():
        version = settled(
            personalize.describe_solution_version, "solutionVersion", solutionVersionArn=arn
        )
        assert version["status"] == "ACTIVE", version
    return versions


@pytest.fixture(scope="module")
def shop(ground_cloud: EmbeddedCloud, make_role: Callable[..., str]) -> Shop:
    """Trained on two hundred users."""
    session = ground_cloud.session()
    personalize, s3 = session.client("personalize"), session.client("s3")
    bucket = f"shop-{uuid.uuid4().hex[:8]}"
    role = make_role("personalize", "s3:GetObject", "s3:ListBucket", "s3:PutObject")
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="in/interactions.csv", Body=interactions().encode())
    s3.put_object(Bucket=bucket, Key="in/items.csv", Body=ITEMS.encode())
    group = personalize.create_dataset_group(name="shop")["datasetGroupArn"]
    imported(personalize, group, bucket=bucket, role=role)
    versions = trained(personalize, group)
    campaigns = [
        personalize.create_campaign(name=use, solutionVersionArn=arn)["campaignArn"]
        for use, arn in versions.items()
    ]
    for arn in campaigns:
        settled(personalize.describe_campaign, "campaign", campaignArn=arn)
    tracker = personalize.create_event_tracker(name="web", datasetGroupArn=group)
    return Shop(
        cloud=ground_cloud,
        bucket=bucket,
        role=role,
        group=group,
        tracking_id=tracker["trackingId"],
        versions=versions,
        campaign=campaigns[0],
        ranking=campaigns[1],
    )


def refusal(call: Callable[..., Any], **request: Any) -> str:
    """The code of the error."""
    with pytest.raises(ClientError) as caught:
        call(**request)
    code: str = caught.value.response["Error"]["Code"]
    return code


def test_a_user_gets_what_others_had_with_the_same(shop: Shop):
    """Best first, with scores that add up to one, by an engine that is named."""
    answer = shop.recommended(userId="u1")
    items = [item["itemId"] for item in answer["itemList"]]
    assert sorted(items) == list(SHOES)
    assert sum(item["score"] for item in answer["itemList"]) == pytest.approx(1.0)
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-emulated-engine"] == "item-cooccurrence"


def test_a_new_user_gets_what_is_popular(shop: Shop):
    """And the answer says so."""
    answer = shop.recommended(userId="nobody", numResults=2)
    assert answer["itemList"][0]["itemId"] == "shirt-1"
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-emulated-engine"] == "popularity"


def test_an_event_changes_what_is_recommended_at_once(shop: Shop):
    """Without another training, by the user that the event names."""
    user = f"new-{uuid.uuid4().hex[:8]}"
    shop.client("personalize-events").put_events(
        trackingId=shop.tracking_id,
        userId=user,
        sessionId="s",
        eventList=[{"eventType": "view", "itemId": "shoe-1", "sentAt": time.time()}],
    )
    assert set(shop.items(userId=user)) == {"shoe-2", "shoe-3"}


def test_a_filter_leaves_out_what_was_bought(shop: Shop):
    """By the user's interactions."""
    arn = shop.filter('EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("purchase")')
    assert shop.items(userId="u1", filterArn=arn) == ["shoe-3"]


def test_a_filter_takes_values_from_the_request(shop: Shop):
    """Of items' attributes; a missing value is the caller's fault."""
    arn = shop.filter("INCLUDE ItemID WHERE Items.CATEGORY IN ($KIND) AND Items.PRICE <= 100")
    values = {"KIND": '"shoes"'}
    assert shop.items(userId="u1", filterArn=arn, filterValues=values) == ["shoe-1", "shoe-2"]
    refused = refusal(shop.recommended, userId="u1", filterArn=arn)
    assert refused == "InvalidInputException"


def test_items_are_ranked_for_a_user(shop: Shop):
    """Unknown ones come last, without a score."""
    answer = shop.client("personalize-runtime").get_personalized_ranking(
        campaignArn=shop.ranking, userId="u1", inputList=["hat-9", "shirt-1", "shoe-2"]
    )
    ranked = answer["personalizedRanking"]
    assert [item["itemId"] for item in ranked] == ["shoe-2", "hat-9", "shirt-1"]
    assert "score" not in ranked[1]


def test_an_item_can_be_put_with_its_attributes(shop: Shop):
    """In camel case, as the schema spells them."""
    (dataset,) = (
        each["datasetArn"]
        for each in shop.client().list_datasets(datasetGroupArn=shop.group)["datasets"]
        if each["datasetType"] == "ITEMS"
    )
    events = shop.client("personalize-events")
    properties = json.dumps({"category": "sale", "price": 5})
    events.put_items(datasetArn=dataset, items=[{"itemId": "shoe-2", "properties": properties}])
    arn = shop.filter('INCLUDE ItemID WHERE Items.CATEGORY IN ("sale")')
    assert shop.items(userId="u1", filterArn=arn) == ["shoe-2"]
    old = json.dumps({"category": "shoes", "price": 100.0})
    events.put_items(datasetArn=dataset, items=[{"itemId": "shoe-2", "properties": old}])


@pytest.mark.accept
def test_a_batch_answers_every_line(shop: Shop):
    """An answer or an error for each, in a file named after the input's."""
    s3, personalize = shop.client("s3"), shop.client()
    lines = '{"userId": "u1"}\nnonsense\n{"userId": "nobody"}\n'
    s3.put_object(Bucket=shop.bucket, Key="batch/users.json", Body=lines.encode())
    arn = personalize.create_batch_inference_job(
        jobName="night",
        solutionVersionArn=shop.versions["user-personalization-v2"],
        numResults=2,
        jobInput={"s3DataSource": {"path": f"s3://{shop.bucket}/batch/users.json"}},
        jobOutput={"s3DataDestination": {"path": f"s3://{shop.bucket}/out/"}},
        roleArn=shop.role,
    )["batchInferenceJobArn"]
    job = settled(
        personalize.describe_batch_inference_job, "batchInferenceJob", batchInferenceJobArn=arn
    )
    assert job["status"] == "ACTIVE", job
    body = s3.get_object(Bucket=shop.bucket, Key="out/users.json.out")["Body"].read()
    first, broken, new = map(json.loads, body.splitlines())
    assert len(first["output"]["recommendedItems"]) == 2
    assert broken["output"] is None
    assert "JSON" in broken["error"]
    assert new["output"]["recommendedItems"][0] == "shirt-1"


@pytest.mark.accept
def test_too_few_interactions_fail_the_training(shop: Shop):
    """By AWS's minimum."""
    personalize = shop.client()
    group = personalize.create_dataset_group(name="small")["datasetGroupArn"]
    solution = personalize.create_solution(
        name="small", datasetGroupArn=group, recipeArn=RECIPE.format("sims")
    )["solutionArn"]
    arn = personalize.create_solution_version(solutionArn=solution)["solutionVersionArn"]
    version = settled(
        personalize.describe_solution_version, "solutionVersion", solutionVersionArn=arn
    )
    assert version["status"] == "CREATE FAILED"
    assert "1000 interactions" in version["failureReason"]
    refused = refusal(personalize.create_campaign, name="small", solutionVersionArn=arn)
    assert refused == "InvalidInputException"


@pytest.mark.parametrize(
    ("operation", "request_", "code"),
    [
        ("create_schema", {"name": "x", "schema": "{}"}, "InvalidInputException"),
        (
            "create_solution",
            {"name": "x", "recipeArn": RECIPE.format("hrnn")},
            "NotEmulatedException",
        ),
        (
            "create_filter",
            {"name": "x", "filterExpression": "DROP ItemID"},
            "InvalidInputException",
        ),
    ],
)
def test_what_cannot_be_made_is_refused(
    shop: Shop, operation: str, request_: dict[str, Any], code: str
):
    """Schemas without fields, recipes that are not emulated, expressions that are none."""
    group = {} if operation == "create_schema" else {"datasetGroupArn": shop.group}
    assert refusal(getattr(shop.client(), operation), **request_, **group) == code


def test_a_solution_can_be_told_not_to_train_by_itself(shop: Shop):
    """It is recorded: here none does."""
    personalize = shop.client()
    (arn, *_) = [each["solutionArn"] for each in personalize.list_solutions()["solutions"]]
    personalize.update_solution(solutionArn=arn, performAutoTraining=False)
    told = personalize.describe_solution(solutionArn=arn)["solution"]
    assert told["performAutoTraining"] is False


@pytest.mark.accept
def test_a_campaign_that_was_deleted_may_be_made_again(shop: Shop) -> None:
    """Under the same name; it becomes active like the first."""
    personalize, version = shop.client(), next(iter(shop.versions.values()))
    for _ in range(2):
        arn = personalize.create_campaign(name="again", solutionVersionArn=version)["campaignArn"]
        told = settled(personalize.describe_campaign, "campaign", campaignArn=arn)
        assert told["status"] == "ACTIVE"
        personalize.delete_campaign(campaignArn=arn)


def test_a_stack_declares_schema_group_and_tracker(shop: Shop):
    """The operations know them, with the tracking id that the stack tells."""
    told = schema("i", ("USER_ID", "string"), ("ITEM_ID", "string"), ("TIMESTAMP", "long"))
    resources = {
        "Group": {"Type": "AWS::Personalize::DatasetGroup", "Properties": {"Name": "declared"}},
        "Schema": {
            "Type": "AWS::Personalize::Schema",
            "Properties": {"Name": "declared", "Schema": told},
        },
        "Tracker": {
            "Type": "AWS::Personalize::EventTracker",
            "Properties": {
                "Name": "declared",
                "DatasetGroupArn": {"Fn::GetAtt": ["Group", "DatasetGroupArn"]},
            },
        },
    }
    resources["Filter"] = {
        "Type": "AWS::Personalize::Filter",
        "Properties": {
            "Name": "declared",
            "DatasetGroupArn": {"Fn::GetAtt": ["Group", "DatasetGroupArn"]},
            "FilterExpression": 'INCLUDE ItemID WHERE Items.CATEGORY IN ("a")',
        },
    }
    output = {"Id": {"Value": {"Fn::GetAtt": ["Tracker", "TrackingId"]}}}
    stacks = shop.client("cloudformation")
    stacks.create_stack(
        StackName="personal", TemplateBody=json.dumps({"Resources": resources, "Outputs": output})
    )

    def deployed() -> Any:
        stack = stacks.describe_stacks(StackName="personal")["Stacks"][0]
        assert stack["StackStatus"].startswith("CREATE_"), stack
        return stack.get("Outputs")

    (told_id,) = until(deployed, seconds=20, what="a stack")
    shop.client("personalize-events").put_events(
        trackingId=told_id["OutputValue"],
        sessionId="s",
        eventList=[{"eventType": "view", "itemId": "a", "sentAt": time.time()}],
    )
    names = [each["name"] for each in shop.client().list_schemas()["schemas"]]
    assert "declared" in names
    filters = {each["name"]: each["status"] for each in shop.client().list_filters()["Filters"]}
    assert filters["declared"] == "ACTIVE"
    stacks.delete_stack(StackName="personal")
