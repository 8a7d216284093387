"""Translate of the embedded cloud, as a client with boto3 sees it."""

import json
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.server import EmbeddedCloud

TERMS = b"en,de,fr\nCart,Warenkorb,Panier\nBlue Shirt,Blaues Hemd,Chemise bleue\n"


@pytest.fixture(scope="module")
def translate(ground_cloud: EmbeddedCloud) -> Any:
    """A client of the administrator."""
    return ground_cloud.session().client("translate")


@pytest.fixture(scope="module")
def imported(translate: Any) -> Callable[..., str]:
    """Imports a terminology; its name."""

    def put(file: bytes = TERMS, **data: str) -> str:
        name = f"terms-{uuid.uuid4().hex[:8]}"
        translate.import_terminology(
            Name=name,
            MergeStrategy="OVERWRITE",
            TerminologyData={"File": file, "Format": "CSV", **data},
        )
        return name

    return put


def refusal(call: Callable[..., Any], **request: Any) -> str:
    """The code of the error."""
    with pytest.raises(ClientError) as caught:
        call(**request)
    code: str = caught.value.response["Error"]["Code"]
    return code


def test_a_text_is_localized_with_its_markup_and_terms(
    translate: Any, imported: Callable[..., str]
):
    """The answer says which terms it met, and that no language was spoken."""
    name = imported()
    answer = translate.translate_text(
        Text="<p>A <b>Blue Shirt</b> in the Cart</p>",
        SourceLanguageCode="en",
        TargetLanguageCode="de",
        TerminologyNames=[name],
    )
    expected = "<p>[de] Á <b>[de] Blaues Hemd</b> [de] íñ thé Warenkorb</p>"
    assert answer["TranslatedText"] == expected
    (applied,) = answer["AppliedTerminologies"]
    assert {term["SourceText"] for term in applied["Terms"]} == {"Blue Shirt", "Cart"}
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-emulated-engine"] == "pseudo-localization"


@pytest.mark.parametrize(("directions", "text"), [("UNI", "Páñíér"), ("MULTI", "Warenkorb")])
def test_terms_lead_from_the_first_language_or_from_all(
    translate: Any, imported: Callable[..., str], directions: str, text: str
):
    """As the terminology's directionality says."""
    name = imported(Directionality=directions)
    answer = translate.translate_text(
        Text="Panier",
        SourceLanguageCode="fr",
        TargetLanguageCode="de",
        TerminologyNames=[name],
    )
    assert answer["TranslatedText"] == f"[de] {text}"


def test_a_source_language_is_detected(translate: Any):
    """By the engine of Comprehend's languages."""
    answer = translate.translate_text(
        Text="Wir gehen heute in den Park und spielen.",
        SourceLanguageCode="auto",
        TargetLanguageCode="en",
    )
    assert answer["SourceLanguageCode"] == "de"


def test_a_terminology_is_kept_until_it_is_deleted(translate: Any, imported: Callable[..., str]):
    """With its languages and terms counted."""
    name = imported()
    told = translate.get_terminology(Name=name)["TerminologyProperties"]
    assert (told["SourceLanguageCode"], told["TargetLanguageCodes"]) == ("en", ["de", "fr"])
    assert (told["TermCount"], told["SizeBytes"]) == (4, len(TERMS))
    listed = translate.list_terminologies()["TerminologyPropertiesList"]
    assert name in [properties["Name"] for properties in listed]
    translate.delete_terminology(Name=name)
    assert refusal(translate.get_terminology, Name=name) == "ResourceNotFoundException"


PAIR = {"SourceLanguageCode": "en", "TargetLanguageCode": "de"}


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"Text": "é" * 5_001, **PAIR}, "TextSizeLimitExceededException"),
        ({"Text": "x", **PAIR, "TargetLanguageCode": "xx"}, "UnsupportedLanguagePairException"),
        ({"Text": "x", **PAIR, "TerminologyNames": ["none"]}, "ResourceNotFoundException"),
        (
            {"Text": "?!", **PAIR, "SourceLanguageCode": "auto"},
            "DetectedLanguageLowConfidenceException",
        ),
        ({"Text": "x", **PAIR, "Settings": {"Formality": "FORMAL"}}, "NotEmulatedException"),
        ({"Text": "x", **PAIR, "TargetLanguageCode": "toolong"}, "ValidationException"),
    ],
)
def test_what_cannot_be_translated_is_refused(translate: Any, request_: dict[str, Any], code: str):
    """By the service's own error, or by one that AWS does not have."""
    assert refusal(translate.translate_text, **request_) == code


@pytest.mark.parametrize("file", [b"en,de\n", b"en,de\nCart\n", b"english,de\na,b\n", b"\xff\xfe"])
def test_a_file_that_is_no_terminology_is_refused(
    translate: Any, imported: Callable[..., str], file: bytes
):
    """Without rows, with ragged ones, of unknown languages, not UTF-8."""
    assert refusal(imported, file=file) == "InvalidParameterValueException"


def test_detecting_the_language_needs_permission_too(ground_cloud: EmbeddedCloud):
    """A user who may only translate has to name the source language."""
    iam, name = ground_cloud.session().client("iam"), f"user-{uuid.uuid4().hex[:8]}"
    iam.create_user(UserName=name)
    statement = {"Effect": "Allow", "Action": "translate:TranslateText", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    user = ground_cloud.session().client(
        "translate",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )
    assert user.translate_text(Text="Hi", **PAIR)["TranslatedText"] == "[de] Hí"
    auto = {**PAIR, "SourceLanguageCode": "auto"}
    assert refusal(user.translate_text, Text="Hello you", **auto) == "AccessDeniedException"
    assert refusal(user.list_terminologies) == "AccessDeniedException"


def test_a_document_is_localized(translate: Any, imported: Callable[..., str]):
    """With its markup, terms and languages; what is no text is refused."""
    page = {"Content": b"<p>A <b>Cart</b></p>", "ContentType": "text/html"}
    answer = translate.translate_document(Document=page, TerminologyNames=[imported()], **PAIR)
    assert answer["TranslatedDocument"]["Content"].decode() == "<p>[de] Á <b>[de] Warenkorb</b></p>"
    assert answer["AppliedTerminologies"][0]["Terms"][0]["TargetText"] == "Warenkorb"
    document = translate.translate_document
    broken = {**page, "Content": b"\xff"}
    assert refusal(document, Document=broken, **PAIR) == "InvalidRequestException"
    long = {**page, "Content": b"x" * 100_001}
    assert refusal(document, Document=long, **PAIR) == "LimitExceededException"
    word = {**page, "ContentType": "application/vnd.ms-word"}
    assert refusal(document, Document=word, **PAIR) == "NotEmulatedException"


@pytest.fixture(scope="module")
def folder(ground_cloud: EmbeddedCloud) -> str:
    """A bucket with two documents, one of which is no text."""
    s3, name = ground_cloud.session().client("s3"), f"batch-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="in/a.html", Body=b"<p>Hello</p>")
    s3.put_object(Bucket=name, Key="in/b.html", Body=b"\xff\xfe")
    return name


@pytest.fixture(scope="module")
def role(make_role: Callable[..., str], folder: str) -> str:
    """One that Translate may take, and that may do with the bucket what a job does."""
    resources = [f"arn:aws:s3:::{folder}", f"arn:aws:s3:::{folder}/*"]
    return make_role("translate", "s3:GetObject", "s3:PutObject", "s3:ListBucket", on=resources)


def job(folder: str, role: str, **changes: Any) -> dict[str, Any]:
    """A job that translates the folder to two languages."""
    return {
        "InputDataConfig": {"S3Uri": f"s3://{folder}/in/", "ContentType": "text/html"},
        "OutputDataConfig": {"S3Uri": f"s3://{folder}/out"},
        "DataAccessRoleArn": role,
        "SourceLanguageCode": "en",
        "TargetLanguageCodes": ["de", "fr"],
        "ClientToken": uuid.uuid4().hex,
        **changes,
    }


def test_a_batch_job_translates_a_folder(
    ground_cloud: EmbeddedCloud, translate: Any, folder: str, role: str
):
    """As its role; a token starts one job, and a document that is no text is an error of it."""
    request = job(folder, role)
    started = translate.start_text_translation_job(**request)
    again = translate.start_text_translation_job(**request)
    assert again["JobId"] == started["JobId"]
    limit = time.monotonic() + 20
    ended: dict[str, Any] = {}
    while time.monotonic() < limit and "EndTime" not in ended:
        told = translate.describe_text_translation_job(JobId=started["JobId"])
        ended = told["TextTranslationJobProperties"]
    assert ended["JobStatus"] == "COMPLETED_WITH_ERROR"
    assert ended["JobDetails"] == {
        "InputDocumentsCount": 2,
        "TranslatedDocumentsCount": 1,
        "DocumentsWithErrorsCount": 1,
    }
    s3 = ground_cloud.session().client("s3")
    place = ended["OutputDataConfig"]["S3Uri"].removeprefix(f"s3://{folder}/")
    for code in ("de", "fr"):
        made = s3.get_object(Bucket=folder, Key=f"{place}{code}.a.html")["Body"].read().decode()
        assert made == f"<p>[{code}] Hélló</p>"
    filtered = translate.list_text_translation_jobs(Filter={"JobStatus": ended["JobStatus"]})
    assert started["JobId"] in [
        one["JobId"] for one in filtered["TextTranslationJobPropertiesList"]
    ]


def test_a_batch_job_that_cannot_be_done_is_refused(translate: Any, folder: str, role: str):
    """Before there is one."""
    start = translate.start_text_translation_job
    other = role.replace("role/role-", "role/none-")
    assert refusal(start, **job(folder, other)) == "InvalidRequestException"
    wrong = job(folder, role, TargetLanguageCodes=["xx"])
    assert refusal(start, **wrong) == "UnsupportedLanguagePairException"
    unknown = job(folder, role, TerminologyNames=["none"])
    assert refusal(start, **unknown) == "ResourceNotFoundException"
    get = translate.describe_text_translation_job
    assert refusal(get, JobId="0" * 32) == "ResourceNotFoundException"


def test_a_batch_job_stops_when_it_is_told(translate: Any, folder: str, role: str):
    """Without output."""
    started = translate.start_text_translation_job(**job(folder, role))
    stopped = translate.stop_text_translation_job(JobId=started["JobId"])
    assert stopped["JobStatus"] in {"STOP_REQUESTED", "STOPPED"}
