"""Rekognition of the embedded cloud, as a client with boto3 sees it."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from emulator.ai.control import FaultControlError
from emulator.ai.faults import Faults
from emulator.server import EmbeddedCloud
from tests.portraits import jpeg, portrait

ONE_ATTEMPT = Config(retries={"total_max_attempts": 1}, parameter_validation=False)


@pytest.fixture(scope="module")
def rekognition(ground_cloud: EmbeddedCloud) -> Any:
    """A client that neither repeats a call nor checks it."""
    return ground_cloud.session().client("rekognition", config=ONE_ATTEMPT)


@pytest.fixture
def collection(rekognition: Any) -> Iterator[str]:
    """A collection of its own."""
    name = f"staff-{uuid.uuid4().hex[:8]}"
    rekognition.create_collection(CollectionId=name)
    yield name
    rekognition.delete_collection(CollectionId=name)


def refusal(call: Any, **request: Any) -> tuple[str, str]:
    """Code and message of the error."""
    with pytest.raises(ClientError) as caught:
        call(**request)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def client_of(cloud: EmbeddedCloud, action: str, resource: str) -> Any:
    """A client of a user who may do that there, and nothing else."""
    iam, name = cloud.session().client("iam"), f"user-{uuid.uuid4().hex[:8]}"
    iam.create_user(UserName=name)
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return cloud.session().client(
        "rekognition",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
        config=ONE_ATTEMPT,
    )


def test_an_employee_is_enrolled_found_and_removed(rekognition: Any, collection: str):
    """User, faces and searches by pictures; answers name the engine."""
    where = {"CollectionId": collection}
    rekognition.create_user(**where, UserId="u1")
    indexed = rekognition.index_faces(
        **where, Image={"Bytes": portrait("ann")}, ExternalImageId="badge", MaxFaces=1
    )
    assert indexed["ResponseMetadata"]["HTTPHeaders"]["x-emulated-engine"] == "recorded+Pillow"
    (record,) = indexed["FaceRecords"]
    face = record["Face"]["FaceId"]
    assert record["FaceDetail"]["Quality"]["Sharpness"] > 90
    rekognition.associate_faces(**where, UserId="u1", FaceIds=[face])
    found = rekognition.search_users_by_image(**where, Image={"Bytes": jpeg("ann")})
    assert [match["User"]["UserId"] for match in found["UserMatches"]] == ["u1"]
    other = rekognition.search_users_by_image(**where, Image={"Bytes": portrait("ben")})
    assert other["UserMatches"] == []
    told = rekognition.describe_collection(**where)
    assert (told["FaceCount"], told["UserCount"]) == (1, 1)
    (listed,) = rekognition.list_faces(**where)["Faces"]
    assert (listed["ExternalImageId"], listed["UserId"]) == ("badge", "u1")
    rekognition.delete_user(**where, UserId="u1")
    assert rekognition.delete_faces(**where, FaceIds=[face])["DeletedFaces"] == [face]
    assert rekognition.list_users(**where)["Users"] == []


def test_faces_are_listed_in_pages(rekognition: Any, collection: str):
    """By AWS's token; a wrong one is refused."""
    where = {"CollectionId": collection}
    for _ in range(3):
        rekognition.index_faces(**where, Image={"Bytes": portrait("ann")})
    first = rekognition.list_faces(**where, MaxResults=2)
    second = rekognition.list_faces(**where, NextToken=first["NextToken"])
    assert [len(first["Faces"]), len(second["Faces"])] == [2, 1]
    code, _ = refusal(rekognition.list_faces, **where, NextToken="?")
    assert code == "InvalidPaginationTokenException"


def test_pictures_of_a_bucket_are_read_with_the_rights_of_the_caller(ground_cloud: EmbeddedCloud):
    """Who may not read the object gets Rekognition's error."""
    s3, bucket = ground_cloud.session().client("s3"), f"faces-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="ann.png", Body=portrait("ann"))
    image = {"S3Object": {"Bucket": bucket, "Name": "ann.png"}}
    admin = ground_cloud.session().client("rekognition")
    answer = admin.detect_faces(Image=image, Attributes=["ALL"])
    (detail,) = answer["FaceDetails"]
    assert detail["EyesOpen"] == {"Value": True, "Confidence": pytest.approx(99.9)}
    user = client_of(ground_cloud, "rekognition:*", "*")
    assert refusal(user.detect_faces, Image=image)[0] == "InvalidS3ObjectException"


def test_permission_is_asked_on_the_collection(
    ground_cloud: EmbeddedCloud, rekognition: Any, collection: str
):
    """That of another name is denied."""
    arn = rekognition.describe_collection(CollectionId=collection)["CollectionARN"]
    user = client_of(ground_cloud, "rekognition:ListFaces", arn)
    assert user.list_faces(CollectionId=collection)["Faces"] == []
    code, message = refusal(user.list_faces, CollectionId="other")
    assert code == "AccessDeniedException"
    assert "rekognition:ListFaces" in message
    assert "collection/other" in message


def test_a_liveness_session_ends_as_it_is_told(ground_cloud: EmbeddedCloud, rekognition: Any):
    """With the picture on which the live face was; once, and only a picture that is one."""
    settings = {"AuditImagesLimit": 1}
    session = rekognition.create_face_liveness_session(Settings=settings)["SessionId"]
    results = rekognition.get_face_liveness_session_results
    assert results(SessionId=session)["Status"] == "CREATED"
    with pytest.raises(FaultControlError, match="confidence must be from 0 to 100, got 101"):
        ground_cloud.end_liveness(session, confidence=101, image=portrait("ann"))
    ground_cloud.end_liveness(session, confidence=97.5, image=portrait("ann"))
    answer = results(SessionId=session)
    assert (answer["Status"], answer["Confidence"]) == ("SUCCEEDED", 97.5)
    assert answer["ReferenceImage"]["Bytes"] == portrait("ann")
    assert len(answer["AuditImages"]) == 1
    with pytest.raises(FaultControlError, match="answered once, within 180 s; this one is SUCC"):
        ground_cloud.end_liveness(session, confidence=97.5, image=portrait("ann"))


def test_a_failed_liveness_session_says_why(ground_cloud: EmbeddedCloud, rekognition: Any):
    """And has no picture."""
    session = rekognition.create_face_liveness_session()["SessionId"]
    ground_cloud.end_liveness(session, feedback=["FACE_NOT_VISIBLE"])
    answer = rekognition.get_face_liveness_session_results(SessionId=session)
    assert answer["Status"] == "FAILED"
    assert [item["Code"] for item in answer["Feedback"]] == ["FACE_NOT_VISIBLE"]
    assert "ReferenceImage" not in answer


def test_pictures_of_a_session_go_to_the_bucket_of_its_settings(
    ground_cloud: EmbeddedCloud, rekognition: Any
):
    """Instead of into the answer."""
    s3, bucket = ground_cloud.session().client("s3"), f"live-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=bucket)
    settings = {"OutputConfig": {"S3Bucket": bucket, "S3KeyPrefix": "sessions/"}}
    session = rekognition.create_face_liveness_session(Settings=settings)["SessionId"]
    ground_cloud.end_liveness(session, confidence=99, image=portrait("ann"))
    shown = rekognition.get_face_liveness_session_results(SessionId=session)["ReferenceImage"]
    assert shown["S3Object"] == {"Bucket": bucket, "Name": f"sessions/{session}/reference.jpg"}
    body = s3.get_object(Bucket=bucket, Key=shown["S3Object"]["Name"])["Body"].read()
    assert body == portrait("ann")


@pytest.mark.parametrize(
    ("method", "request_", "code"),
    [
        ("describe_collection", {"CollectionId": "none"}, "ResourceNotFoundException"),
        ("create_collection", {"CollectionId": "a b"}, "ValidationException"),
        ("detect_faces", {"Image": {"Bytes": b"x"}}, "InvalidImageFormatException"),
        ("detect_labels", {"Image": {"Bytes": b"x"}}, "NotEmulatedException"),
        (
            "get_face_liveness_session_results",
            {"SessionId": "00000000-0000-0000-0000-000000000000"},
            "SessionNotFoundException",
        ),
    ],
)
def test_what_cannot_be_answered_is_refused(
    rekognition: Any, method: str, request_: dict[str, Any], code: str
):
    """By the service's own error, or by one that AWS does not have."""
    assert refusal(getattr(rekognition, method), **request_)[0] == code


def test_calls_are_throttled_by_share(ground_cloud: EmbeddedCloud, rekognition: Any):
    """By the error that Rekognition has for it."""
    ground_cloud.set_faults("rekognition", Faults(throttled=1.0))
    code, _ = refusal(rekognition.list_collections)
    ground_cloud.set_faults("rekognition", Faults())
    assert code == "ProvisionedThroughputExceededException"


def test_a_collection_of_a_template_is_that_of_the_api(
    ground_cloud: EmbeddedCloud, rekognition: Any
):
    """Its Ref is the id; it is gone with the stack."""
    name = f"stack-{uuid.uuid4().hex[:8]}"
    template = {
        "Resources": {
            "Staff": {
                "Type": "AWS::Rekognition::Collection",
                "Properties": {"CollectionId": name},
            }
        },
        "Outputs": {
            "Id": {"Value": {"Ref": "Staff"}},
            "Arn": {"Value": {"Fn::GetAtt": ["Staff", "Arn"]}},
        },
    }
    stacks = ground_cloud.session().client("cloudformation")
    stacks.create_stack(StackName=name, TemplateBody=json.dumps(template))
    stacks.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    outputs = stacks.describe_stacks(StackName=name)["Stacks"][0]["Outputs"]
    told = {output["OutputKey"]: output["OutputValue"] for output in outputs}
    assert told["Id"] == name
    assert told["Arn"] == rekognition.describe_collection(CollectionId=name)["CollectionARN"]
    stacks.delete_stack(StackName=name)
    stacks.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    assert name not in rekognition.list_collections()["CollectionIds"]
