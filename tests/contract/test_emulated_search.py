"""Kendra and Bedrock's knowledge bases of the embedded cloud, as a client with boto3 sees them."""

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.server import EmbeddedCloud
from tests.polling import until

LEAVE = (
    b"# Leave\n\nEmployees may take thirty days of holiday a year.\n\nUnused days expire in March."
)
PAY = b"Salaries are paid on the last working day. Bonuses follow in March."
PAY_TOLD = {
    "Title": "Pay and bonuses",
    "Attributes": {"_category": "money", "level": 3},
    "AccessControlList": [{"Name": "hr", "Type": "GROUP", "Access": "ALLOW"}],
    "metadataAttributes": {"groups": ["hr"], "level": 3},
}
MODEL = "arn:aws:bedrock:us-east-1::foundation-model/amazon.titan-embed-text-v2:0"
SYNC = ("s3:GetObject", "s3:ListBucket", "kendra:BatchPutDocument", "kendra:BatchDeleteDocument")


@dataclass(frozen=True, kw_only=True)
class Library:
    """A bucket of documents in an index and in a knowledge base, both declared by a stack."""

    cloud: EmbeddedCloud
    bucket: str
    refs: Mapping[str, str]

    def client(self, service: str) -> Any:
        """A client of the administrator."""
        return self.cloud.session().client(service)

    @property
    def source(self) -> dict[str, str]:
        """Names Kendra's data source in requests."""
        name, _, index = self.refs["Source"].partition("|")
        return {"Id": name, "IndexId": index}

    @property
    def ingested(self) -> dict[str, str]:
        """Names the knowledge base's data source in requests."""
        base, _, name = self.refs["BaseSource"].partition("|")
        return {"knowledgeBaseId": base, "dataSourceId": name}

    def synchronise(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Both have what is in the bucket: Kendra's run and Bedrock's job."""
        kendra, bedrock = self.client("kendra"), self.client("bedrock-agent")
        run = kendra.start_data_source_sync_job(**self.source)["ExecutionId"]
        job = bedrock.start_ingestion_job(**self.ingested)["ingestionJob"]["ingestionJobId"]

        def ended() -> Any:
            listed = kendra.list_data_source_sync_jobs(**self.source)["History"]
            mine = next(each for each in listed if each["ExecutionId"] == run)
            told = bedrock.get_ingestion_job(**self.ingested, ingestionJobId=job)["ingestionJob"]
            done = mine["Status"] != "SYNCING" and told["status"] in {"COMPLETE", "FAILED"}
            return (mine, told) if done else None

        found: tuple[dict[str, Any], dict[str, Any]] = until(ended, seconds=20, what="an end")
        return found

    def retrieved(self, question: str, **search: Any) -> list[dict[str, Any]]:
        """The passages of the knowledge base."""
        found: list[dict[str, Any]] = self.client("bedrock-agent-runtime").retrieve(
            knowledgeBaseId=self.ingested["knowledgeBaseId"],
            retrievalQuery={"text": question},
            retrievalConfiguration={"vectorSearchConfiguration": search},
        )["retrievalResults"]
        return found

    def found(self, question: str, **more: Any) -> list[str]:
        """The titles of the documents that Kendra finds."""
        answer = self.client("kendra").query(
            IndexId=self.source["IndexId"], QueryText=question, **more
        )
        return [item["DocumentTitle"]["Text"] for item in answer["ResultItems"]]


def _template(bucket: str, kendra_role: str, bedrock_role: str) -> str:
    """An index and a knowledge base, each with the bucket as its data source."""
    properties = {**_kendra(bucket, kendra_role), **_knowledge_base(bucket, bedrock_role)}
    resources = {
        name: {"Type": f"AWS::{kind}", "Properties": members}
        for name, (kind, members) in properties.items()
    }
    outputs = {name: {"Value": {"Ref": name}} for name in resources}
    return json.dumps({"Resources": resources, "Outputs": outputs})


def _kendra(bucket: str, role: str) -> dict[str, tuple[str, dict[str, Any]]]:
    source = {"BucketName": bucket, "InclusionPrefixes": ["handbook/"]}
    return {
        "Index": (
            "Kendra::Index",
            {
                "Name": "handbook",
                "RoleArn": role,
                "Edition": "DEVELOPER_EDITION",
                "DocumentMetadataConfigurations": [{"Name": "level", "Type": "LONG_VALUE"}],
            },
        ),
        "Source": (
            "Kendra::DataSource",
            {
                "Name": "bucket",
                "IndexId": {"Ref": "Index"},
                "Type": "S3",
                "RoleArn": role,
                "DataSourceConfiguration": {"S3Configuration": source},
            },
        ),
    }


def _knowledge_base(bucket: str, role: str) -> dict[str, tuple[str, dict[str, Any]]]:
    source = {"BucketArn": f"arn:aws:s3:::{bucket}"}
    return {
        "Vectors": ("S3Vectors::VectorBucket", {"VectorBucketName": f"v-{bucket}"}),
        "VectorIndex": (
            "S3Vectors::Index",
            {
                "VectorBucketArn": {"Ref": "Vectors"},
                "IndexName": "handbook",
                "DataType": "float32",
                "Dimension": 256,
                "DistanceMetric": "cosine",
            },
        ),
        "Base": (
            "Bedrock::KnowledgeBase",
            {
                "Name": "handbook",
                "RoleArn": role,
                "KnowledgeBaseConfiguration": {
                    "Type": "VECTOR",
                    "VectorKnowledgeBaseConfiguration": {"EmbeddingModelArn": MODEL},
                },
                "StorageConfiguration": {
                    "Type": "S3_VECTORS",
                    "S3VectorsConfiguration": {"IndexArn": {"Ref": "VectorIndex"}},
                },
            },
        ),
        "BaseSource": (
            "Bedrock::DataSource",
            {
                "Name": "bucket",
                "KnowledgeBaseId": {"Ref": "Base"},
                "DataSourceConfiguration": {"Type": "S3", "S3Configuration": source},
            },
        ),
    }


@pytest.fixture(scope="module")
def library(ground_cloud: EmbeddedCloud, make_role: Callable[..., str]) -> Iterator[Library]:
    """Two documents, one for a group only."""
    session = ground_cloud.session()
    s3, stacks = session.client("s3"), session.client("cloudformation")
    bucket = f"handbook-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=bucket)
    for key, body in (
        ("handbook/leave.md", LEAVE),
        ("handbook/pay.txt", PAY),
        ("handbook/pay.txt.metadata.json", json.dumps(PAY_TOLD).encode()),
    ):
        s3.put_object(Bucket=bucket, Key=key, Body=body)
    roles = (
        make_role("kendra", *SYNC),
        make_role("bedrock", "s3:*", "bedrock:InvokeModel", "s3vectors:*"),
    )
    stacks.create_stack(StackName=bucket, TemplateBody=_template(bucket, *roles))

    def deployed() -> Any:
        stack = stacks.describe_stacks(StackName=bucket)["Stacks"][0]
        assert stack["StackStatus"].startswith("CREATE_"), stack
        return stack.get("Outputs") if stack["StackStatus"] == "CREATE_COMPLETE" else None

    outputs = until(deployed, seconds=20, what="a stack")
    refs = {each["OutputKey"]: each["OutputValue"] for each in outputs}
    made = Library(cloud=ground_cloud, bucket=bucket, refs=refs)
    run, job = made.synchronise()
    assert run["Status"] == "SUCCEEDED", run
    assert job["status"] == "COMPLETE", job
    assert run["Metrics"]["DocumentsAdded"] == "2"
    assert job["statistics"]["numberOfNewDocumentsIndexed"] == 2
    assert job["statistics"]["numberOfMetadataDocumentsScanned"] == 1
    yield made
    stacks.delete_stack(StackName=bucket)


def refusal(call: Callable[..., Any], **request: Any) -> str:
    """The code of the error."""
    with pytest.raises(ClientError) as caught:
        call(**request)
    code: str = caught.value.response["Error"]["Code"]
    return code


def test_a_question_finds_the_document_that_answers_it(library: Library):
    """With its words marked, where it lies, and the engine that found it."""
    answer = library.client("kendra").query(
        IndexId=library.source["IndexId"], QueryText="How many days of holiday do I have?"
    )
    first = answer["ResultItems"][0]
    excerpt = first["DocumentExcerpt"]
    marked = [excerpt["Text"][h["BeginOffset"] : h["EndOffset"]] for h in excerpt["Highlights"]]
    assert first["DocumentId"] == f"s3://{library.bucket}/handbook/leave.md"
    assert first["DocumentTitle"]["Text"] == "Leave"
    assert {"days", "holiday"} <= set(marked)
    assert first["DocumentURI"].endswith(f"/{library.bucket}/handbook/leave.md")
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-emulated-engine"] == "sqlite-fts5-bm25"


@pytest.mark.parametrize(
    ("context", "titles"),
    [
        (None, {"Leave", "Pay and bonuses"}),
        ({"UserId": "ann", "Groups": ["hr", "all"]}, {"Leave", "Pay and bonuses"}),
        ({"UserId": "bob", "Groups": ["it"]}, {"Leave"}),
    ],
)
def test_a_list_of_readers_keeps_documents_from_others(
    library: Library, context: dict[str, Any] | None, titles: set[str]
):
    """The list is in the metadata file; who names no reader sees what the index's policy says."""
    more = {} if context is None else {"UserContext": context}
    assert set(library.found("what happens in March?", **more)) == titles


def test_attributes_filter_and_count(library: Library):
    """Those of the metadata file, by the types that the index declares."""
    level = {"Key": "level", "Value": {"LongValue": 2}}
    assert library.found("March", AttributeFilter={"GreaterThan": level}) == ["Pay and bonuses"]
    answer = library.client("kendra").query(
        IndexId=library.source["IndexId"],
        QueryText="March",
        Facets=[{"DocumentAttributeKey": "_category"}],
    )
    (facet,) = answer["FacetResults"]
    (pair,) = facet["DocumentAttributeValueCountPairs"]
    assert (pair["DocumentAttributeValue"]["StringValue"], pair["Count"]) == ("money", 1)


def test_passages_are_retrieved_with_their_documents(library: Library):
    """Whole passages, for an application that cites them."""
    answer = library.client("kendra").retrieve(
        IndexId=library.source["IndexId"], QueryText="when are bonuses paid?"
    )
    first = answer["ResultItems"][0]
    assert first["Content"] == PAY.decode()
    assert first["ScoreAttributes"]["ScoreConfidence"] == "VERY_HIGH"


def test_documents_can_be_put_and_deleted_one_by_one(library: Library):
    """Those that cannot be read are in the answer; the others are found."""
    kendra, index = library.client("kendra"), library.source["IndexId"]
    answer = kendra.batch_put_document(
        IndexId=index,
        Documents=[
            {"Id": "vpn", "Title": "VPN", "Blob": b"Connect to the gateway with your token."},
            {"Id": "scan", "Blob": b"%PDF", "ContentType": "PDF"},
            {
                "Id": "odd",
                "Blob": b"x",
                "Attributes": [{"Key": "unknown", "Value": {"StringValue": "x"}}],
            },
        ],
    )
    assert {each["Id"] for each in answer["FailedDocuments"]} == {"scan", "odd"}
    assert library.found("gateway token") == ["VPN"]
    kendra.batch_delete_document(IndexId=index, DocumentIdList=["vpn"])
    assert library.found("gateway token") == []


def test_an_index_can_be_made_by_its_own_operations(
    library: Library, make_role: Callable[..., str]
):
    """And deleted again; a data source that is no bucket is refused by name."""
    kendra = library.client("kendra")
    index = kendra.create_index(Name="own", RoleArn=make_role("kendra"))["Id"]
    assert kendra.describe_index(Id=index)["Status"] == "ACTIVE"
    site = {"Name": "site", "IndexId": index, "Type": "WEBCRAWLER"}
    assert refusal(kendra.create_data_source, **site) == "NotEmulatedException"
    kendra.delete_index(Id=index)
    assert refusal(kendra.query, IndexId=index, QueryText="x") == "ResourceNotFoundException"


def test_a_knowledge_base_answers_with_passages_and_their_places(library: Library):
    """Best first, with scores from 0 to 1 and the metadata of the file beside the document."""
    found = library.retrieved("when are bonuses paid?")
    assert found[0]["content"]["text"] == PAY.decode()
    assert found[0]["location"] == {
        "type": "S3",
        "s3Location": {"uri": f"s3://{library.bucket}/handbook/pay.txt"},
    }
    assert found[0]["metadata"]["level"] == 3
    scores = [each["score"] for each in found]
    assert scores == sorted(scores, reverse=True)
    assert 0.0 < scores[-1] <= scores[0] <= 1.0


def test_a_filter_keeps_passages_from_whoever_may_not_read_them(library: Library):
    """By the document's metadata; a document without the attribute passes no such filter."""
    mine = {"listContains": {"key": "groups", "value": "hr"}}
    uris = {each["location"]["s3Location"]["uri"] for each in library.retrieved("March")}
    assert len(uris) == 2
    found = library.retrieved("March", filter=mine, numberOfResults=1)
    assert [each["metadata"]["groups"] for each in found] == [["hr"]]
    wrong = {"startsWith": {"key": "level", "value": 3}}
    assert refusal(lambda: library.retrieved("March", filter=wrong)) == "ValidationException"


def test_a_document_tells_whether_it_is_in_the_index(library: Library):
    """By its address; one that nobody put is not found."""
    address = f"s3://{library.bucket}/handbook"
    found = library.client("bedrock-agent").get_knowledge_base_documents(
        **library.ingested,
        documentIdentifiers=[
            {"dataSourceType": "S3", "s3": {"uri": f"{address}/{name}"}}
            for name in ("pay.txt", "none.txt")
        ],
    )["documentDetails"]
    assert [each["status"] for each in found] == ["INDEXED", "NOT_FOUND"]
    status = library.client("kendra").batch_get_document_status(
        IndexId=library.source["IndexId"],
        DocumentInfoList=[{"DocumentId": f"{address}/leave.md"}],
    )["DocumentStatusList"]
    assert [each["DocumentStatus"] for each in status] == ["INDEXED"]


@pytest.mark.accept
def test_a_later_run_takes_what_is_new_and_forgets_what_is_gone(library: Library):
    """Unchanged documents are not counted as modified."""
    s3 = library.client("s3")
    s3.put_object(Bucket=library.bucket, Key="handbook/trips.txt", Body=b"Book trains by March.")
    s3.delete_object(Bucket=library.bucket, Key="handbook/leave.md")
    run, job = library.synchronise()
    assert run["Metrics"] == {
        "DocumentsAdded": "1",
        "DocumentsModified": "0",
        "DocumentsDeleted": "1",
        "DocumentsFailed": "0",
        "DocumentsScanned": "2",
    }
    assert job["statistics"]["numberOfDocumentsDeleted"] == 1
    s3.put_object(Bucket=library.bucket, Key="handbook/leave.md", Body=LEAVE)
    s3.delete_object(Bucket=library.bucket, Key="handbook/trips.txt")
    library.synchronise()
    assert set(library.found("March")) == {"Leave", "Pay and bonuses"}


@pytest.mark.accept
def test_a_role_without_rights_fails_the_run(library: Library, make_role: Callable[..., str]):
    """The run says what the role lacks, and nothing gets into the index."""
    kendra, index = library.client("kendra"), library.source["IndexId"]
    source = kendra.create_data_source(
        Name="weak",
        IndexId=index,
        Type="S3",
        RoleArn=make_role("kendra", *SYNC[2:]),
        Configuration={"S3Configuration": {"BucketName": library.bucket}},
    )["Id"]
    kendra.start_data_source_sync_job(Id=source, IndexId=index)

    def ended() -> Any:
        (run,) = kendra.list_data_source_sync_jobs(Id=source, IndexId=index)["History"]
        return run if run["Status"] != "SYNCING" else None

    run = until(ended, seconds=20, what="an end")
    assert run["Status"] == "FAILED"
    assert "AccessDenied" in run["ErrorMessage"]
    kendra.delete_data_source(Id=source, IndexId=index)
