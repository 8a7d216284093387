"""Comprehend of the embedded cloud, as a client with boto3 sees it: libraries really judge."""

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from emulator.ai.control import FaultControlError
from emulator.ai.faults import Faults
from emulator.server import EmbeddedCloud

ONE_ATTEMPT = Config(retries={"total_max_attempts": 1}, parameter_validation=False)
CARD = "Charge my card 4111 1111 1111 1111, please."
CALLS: dict[str, tuple[str, dict[str, Any], str]] = {
    "DetectSentiment": (
        "detect_sentiment",
        {"Text": "I love it", "LanguageCode": "en"},
        "vaderSentiment",
    ),
    "BatchDetectSentiment": (
        "batch_detect_sentiment",
        {"TextList": ["I love it"], "LanguageCode": "en"},
        "vaderSentiment",
    ),
    "DetectDominantLanguage": (
        "detect_dominant_language",
        {"Text": "Wir gehen heute in den Park."},
        "py3langid",
    ),
    "BatchDetectDominantLanguage": (
        "batch_detect_dominant_language",
        {"TextList": ["Wir gehen heute in den Park."]},
        "py3langid",
    ),
    "DetectEntities": (
        "detect_entities",
        {"Text": "Dr. Curie came on 12 March 2024.", "LanguageCode": "en"},
        "rules",
    ),
    "DetectPiiEntities": (
        "detect_pii_entities",
        {"Text": CARD, "LanguageCode": "en"},
        "rules+python-stdnum+phonenumbers",
    ),
    "ContainsPiiEntities": (
        "contains_pii_entities",
        {"Text": CARD, "LanguageCode": "en"},
        "rules+python-stdnum+phonenumbers",
    ),
}


@pytest.fixture(scope="module")
def comprehend(ground_cloud: EmbeddedCloud) -> Any:
    """A client that neither repeats a call nor checks it."""
    return ground_cloud.session().client("comprehend", config=ONE_ATTEMPT)


@pytest.fixture
def faults(ground_cloud: EmbeddedCloud) -> Iterator[Callable[..., None]]:
    """Sets Comprehend's faults; it has none after the test."""

    def put(**shares: float) -> None:
        ground_cloud.set_faults("comprehend", Faults(**shares))  # type: ignore[arg-type]

    yield put
    ground_cloud.set_faults("comprehend", Faults())


def refusal(call: Callable[..., Any], **request: Any) -> tuple[str, str]:
    """Code and message of the error."""
    with pytest.raises(ClientError) as caught:
        call(**request)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


@pytest.mark.parametrize("operation", CALLS)
def test_every_operation_answers_and_names_its_engine(comprehend: Any, operation: str):
    """In the header x-emulated-engine."""
    method, request, engine = CALLS[operation]
    answer = getattr(comprehend, method)(**request)
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-emulated-engine"] == engine


def test_sentiment_is_judged(comprehend: Any):
    """Label and scores, which sum to one."""
    answer = comprehend.detect_sentiment(Text="This is terrible, I hate it.", LanguageCode="en")
    assert answer["Sentiment"] == "NEGATIVE"
    assert sum(answer["SentimentScore"].values()) == pytest.approx(1.0)


def test_a_batch_has_an_error_for_the_text_that_is_too_long(comprehend: Any):
    """The others have results; both by index."""
    texts = ["I love it", "é" * 2_501, "I hate it"]
    answer = comprehend.batch_detect_sentiment(TextList=texts, LanguageCode="en")
    found = {item["Index"]: item["Sentiment"] for item in answer["ResultList"]}
    assert found == {0: "POSITIVE", 2: "NEGATIVE"}
    assert [(item["Index"], item["ErrorCode"]) for item in answer["ErrorList"]] == [
        (1, "TEXT_SIZE_LIMIT_EXCEEDED")
    ]
    assert (
        "5000 bytes while in this request the text size is 5002"
        in (answer["ErrorList"][0]["ErrorMessage"])
    )


def test_offsets_count_code_points(comprehend: Any):
    """So that a client cuts the text by them, whatever stands before."""
    text = "😀 é " + CARD
    answer = comprehend.detect_pii_entities(Text=text, LanguageCode="es")
    (found,) = answer["Entities"]
    assert text[found["BeginOffset"] : found["EndOffset"]] == "4111 1111 1111 1111"
    assert found["Type"] == "CREDIT_DEBIT_NUMBER"


@pytest.mark.parametrize(
    ("method", "request_", "code"),
    [
        (
            "detect_sentiment",
            {"Text": "x" * 5_001, "LanguageCode": "en"},
            "TextSizeLimitExceededException",
        ),
        ("detect_dominant_language", {"Text": "x" * 100_001}, "TextSizeLimitExceededException"),
        (
            "batch_detect_dominant_language",
            {"TextList": ["x"] * 26},
            "BatchSizeLimitExceededException",
        ),
        (
            "detect_pii_entities",
            {"Text": "x", "LanguageCode": "de"},
            "UnsupportedLanguageException",
        ),
        ("detect_entities", {"Text": "x"}, "InvalidRequestException"),
        ("detect_sentiment", {"Text": "schön", "LanguageCode": "de"}, "NotEmulatedException"),
        ("detect_syntax", {"Text": "x", "LanguageCode": "en"}, "NotEmulatedException"),
        ("detect_sentiment", {"Text": 5, "LanguageCode": "en"}, "SerializationException"),
    ],
)
def test_what_cannot_be_answered_is_refused(
    comprehend: Any, method: str, request_: dict[str, Any], code: str
):
    """By the service's own error, or by one that AWS does not have."""
    assert refusal(getattr(comprehend, method), **request_)[0] == code


def test_requests_are_held_to_the_model(comprehend: Any):
    """All faults at once; the text, which is sensitive, is not repeated."""
    code, message = refusal(comprehend.detect_sentiment, Text="", LanguageCode="xx")
    assert code == "ValidationException"
    assert message.startswith("2 validation errors detected: Value at 'text' failed to satisfy")
    assert "Value 'xx' at 'languageCode'" in message


def test_each_operation_needs_its_own_permission(ground_cloud: EmbeddedCloud):
    """A user who may detect sentiment may not look for personal data."""
    iam, name = ground_cloud.session().client("iam"), f"user-{uuid.uuid4().hex[:8]}"
    iam.create_user(UserName=name)
    statement = {"Effect": "Allow", "Action": "comprehend:DetectSentiment", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    user = ground_cloud.session().client(
        "comprehend",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )
    assert user.detect_sentiment(Text="I love it", LanguageCode="en")["Sentiment"] == "POSITIVE"
    code, message = refusal(user.detect_pii_entities, Text=CARD, LanguageCode="en")
    assert code == "AccessDeniedException"
    assert "is not authorized to perform: comprehend:DetectPiiEntities" in message


def test_a_share_of_the_calls_is_throttled(
    ground_cloud: EmbeddedCloud, comprehend: Any, faults: Callable[..., None]
):
    """As drawn from the seed, and counted."""
    faults(throttled=0.3, seed=1)
    codes = []
    for _ in range(20):
        try:
            comprehend.detect_sentiment(Text="I love it", LanguageCode="en")
        except ClientError as error:
            codes.append(error.response["Error"]["Code"])
    told = ground_cloud.faults("comprehend")
    assert set(codes) == {"ThrottlingException"}
    assert (told["calls"], told["throttled_calls"]) == (20, len(codes))


def test_items_of_a_batch_fail_by_share(comprehend: Any, faults: Callable[..., None]):
    """They are in the list of errors, and the call succeeds."""
    faults(failed_items=1.0)
    answer = comprehend.batch_detect_sentiment(TextList=["a", "b"], LanguageCode="en")
    assert answer["ResultList"] == []
    assert [item["ErrorCode"] for item in answer["ErrorList"]] == ["INTERNAL_SERVER_ERROR"] * 2


def test_faults_of_an_unknown_service_are_refused(ground_cloud: EmbeddedCloud):
    """With those that there are."""
    with pytest.raises(FaultControlError, match=r"faults can be set for .*comprehend.*, got"):
        ground_cloud.set_faults("sagemaker", Faults())
