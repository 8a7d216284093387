"""REST-JSON as botocore's own client speaks it: what it sends is read, what is sent it reads."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import botocore.serialize
import pytest
from botocore.awsrequest import AWSRequest, HeadersDict
from botocore.parsers import create_parser

from emulator import apimodels
from emulator.ai.protocols import TargetJson, protocol_of
from emulator.ai.restjson import RestJson
from emulator.seams.services import Request, Response

PROFILE_TIME = 1_700_000_000.0
ARN = "arn:aws:lex:us-east-1:111122223333:bot/ABCDEFGHIJ"


def sent(service: str, operation: str, members: dict[str, Any]) -> Request:
    """The request as botocore serializes it."""
    model = apimodels.service_model(service)
    made = botocore.serialize.create_serializer("rest-json").serialize_to_request(
        members, model.operation_model(operation)
    )
    body = made["body"]
    plain = AWSRequest(
        method=made["method"],
        url=f"http://127.0.0.1{made['url_path']}",
        headers=made["headers"],
        params=made["query_string"],
    ).prepare()
    parts = urlsplit(plain.url)
    return Request(
        method=made["method"],
        path="",
        headers={name.lower(): str(value) for name, value in made["headers"].items()},
        query=parse_qs(parts.query, keep_blank_values=True),
        body=body if isinstance(body, bytes) else str(body or "").encode(),
        region="us-east-1",
        account="111122223333",
        request_id="r",
        raw_path=parts.path,
    )


@pytest.mark.parametrize(
    ("service", "operation", "members"),
    [
        ("polly", "SynthesizeSpeech", {"OutputFormat": "mp3", "Text": "ö", "VoiceId": "Joanna"}),
        ("polly", "DescribeVoices", {"Engine": "neural", "IncludeAdditionalLanguageCodes": True}),
        ("polly", "DescribeVoices", {}),
        ("polly", "GetLexicon", {"Name": "acronyms"}),
        ("polly", "PutLexicon", {"Name": "acronyms", "Content": "<lexicon/>"}),
        ("polly", "ListSpeechSynthesisTasks", {"MaxResults": 7, "Status": "completed"}),
        ("lexv2-models", "ListBots", {"maxResults": 3}),
        ("lexv2-models", "UntagResource", {"resourceARN": ARN, "tagKeys": ["a", "b c"]}),
        (
            "lexv2-runtime",
            "RecognizeText",
            {
                "botId": "ABCDEFGHIJ",
                "botAliasId": "TSTALIASID",
                "localeId": "en_US",
                "sessionId": "s.1:x",
                "text": "hi",
                "sessionState": {"intent": {"name": "Order"}},
            },
        ),
        (
            "personalize-events",
            "PutEvents",
            {
                "trackingId": "t",
                "sessionId": "s",
                "eventList": [{"eventType": "buy", "sentAt": PROFILE_TIME}],
            },
        ),
        (
            "codeguruprofiler",
            "BatchGetFrameMetricData",
            {"profilingGroupName": "g", "startTime": PROFILE_TIME, "targetResolution": "PT1H"},
        ),
        (
            "bedrock-agent-runtime",
            "Retrieve",
            {"knowledgeBaseId": "ABCDEFGHIJ", "retrievalQuery": {"text": "why?"}},
        ),
    ],
)
def test_what_botocore_sends_is_read(service: str, operation: str, members: dict[str, Any]):
    """The operation is found, and so is every member with its type."""
    protocol = protocol_of(service)
    request = sent(service, operation, members)
    assert protocol.operation_at(request.method, request.raw_path, {}) == operation
    assert protocol.members(request, operation) == members
    assert apimodels.constraint_failures(service, operation, members) == []


def test_bytes_that_are_the_body_stay_bytes():
    """Such as the sound of an utterance."""
    members = {
        "botId": "ABCDEFGHIJ",
        "botAliasId": "TSTALIASID",
        "localeId": "en_US",
        "sessionId": "s1",
        "requestContentType": "audio/l16; rate=16000; channels=1",
        "inputStream": b"\x00\xff",
    }
    request = sent("lexv2-runtime", "RecognizeUtterance", members)
    assert protocol_of("lexv2-runtime").members(request, "RecognizeUtterance") == members


def parsed(service: str, operation: str, response: Response) -> dict[str, Any]:
    """The response as botocore reads it."""
    shape = apimodels.service_model(service).operation_model(operation).output_shape
    told: dict[str, Any] = create_parser("rest-json").parse(
        {
            "status_code": response.status,
            "headers": HeadersDict(response.headers),
            "body": response.body,
            "context": {"operation_name": operation},
        },
        shape,
    )
    assert told.pop("ResponseMetadata")["HTTPStatusCode"] == response.status
    return told


def test_an_answer_is_read_by_botocore():
    """Sound in the body, facts about it in headers."""
    answer = {"AudioStream": b"RIFF", "ContentType": "audio/mpeg", "RequestCharacters": 3}
    response = protocol_of("polly").response("SynthesizeSpeech", answer)
    assert parsed("polly", "SynthesizeSpeech", response) == {**answer, "AudioStream": "RIFF"}


def test_moments_are_written_as_the_model_says():
    """ISO 8601 for one service, seconds for another."""
    group = {"profilingGroup": {"name": "g", "createdAt": PROFILE_TIME}}
    response = protocol_of("codeguruprofiler").response("DescribeProfilingGroup", group)
    assert json.loads(response.body)["createdAt"] == "2023-11-14T22:13:20Z"
    task = {"SynthesisTask": {"CreationTime": PROFILE_TIME}}
    plain = protocol_of("polly").response("GetSpeechSynthesisTask", task)
    assert json.loads(plain.body)["SynthesisTask"]["CreationTime"] == PROFILE_TIME


def test_the_status_is_the_models():
    """A deletion of Lex is accepted, not done."""
    answer = {"botId": "ABCDEFGHIJ", "botStatus": "Deleting"}
    assert protocol_of("lexv2-models").response("DeleteBot", answer).status == 202


@pytest.mark.parametrize(
    ("service", "code", "status"),
    [
        ("polly", "LexiconNotFoundException", 404),
        ("polly", "TooManyRequestsException", 429),
        ("lexv2-models", "ThrottlingException", 429),
        ("polly", "ValidationException", 400),
        ("lexv2-models", "ConflictException", 409),
    ],
)
def test_an_error_has_its_status(service: str, code: str, status: int):
    """From the model; another as AWS's front ends send it."""
    response = protocol_of(service).refusal(code, "no", 400)
    assert response.status == status
    assert response.headers["x-amzn-ErrorType"] == code
    assert json.loads(response.body) == {"message": "no"}


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/v1/speech"), ("POST", "/v1/nothing"), ("GET", "/")]
)
def test_another_path_is_not_the_services(method: str, path: str):
    """Or another method."""
    assert protocol_of("polly").operation_at(method, path, {}) is None


def test_every_operation_of_every_service_has_a_path_of_its_own():
    """Labels never hide a literal path."""
    for service in ("polly", "lexv2-models", "bedrock-agent", "codeguruprofiler"):
        model = apimodels.service_model(service)
        for name in model.operation_names:
            http = model.operation_model(name).http
            path = http["requestUri"].replace("{", "x").replace("+}", "x").replace("}", "x")
            assert protocol_of(service).operation_at(http["method"], path, {}) == name


def test_what_cannot_be_read_is_a_value_error():
    """A number that is none."""
    request = sent("polly", "ListSpeechSynthesisTasks", {"MaxResults": 7})
    wrong = Request(
        method="GET",
        path="",
        headers={},
        query={"MaxResults": ["many"]},
        body=b"",
        region="",
        account="",
        request_id="",
        raw_path=request.raw_path,
    )
    with pytest.raises(ValueError, match="many"):
        protocol_of("polly").members(wrong, "ListSpeechSynthesisTasks")


def test_the_protocol_is_in_the_model():
    """Those of others are refused by name."""
    assert isinstance(protocol_of("translate"), TargetJson)
    assert isinstance(protocol_of("polly"), RestJson)
    with pytest.raises(ValueError, match="s3 speaks rest-xml"):
        protocol_of("s3")
