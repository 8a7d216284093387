"""Requests against published models, and templates' properties in the API's names."""

import pytest

from emulator.apimodels import (
    MalformedRequestError,
    answer_failures,
    constraint_failures,
    from_template,
    listed,
    service_model,
)


def test_every_violated_constraint_is_found():
    """Required members, enumerations and patterns of any service."""
    failures = constraint_failures("codepipeline", "RetryStageExecution", {"pipelineName": "a b"})
    assert len(failures) == 4
    assert listed(failures[:1]).startswith("1 validation error detected: Value ")


def test_a_document_may_be_any_json():
    """Smithy's document type is a structure to botocore."""
    search = {"filter": {"in": {"key": "year", "value": [2024, {"a": None}]}}}
    request = {
        "knowledgeBaseId": "ABCDEFGHIJ",
        "retrievalQuery": {"text": "x"},
        "retrievalConfiguration": {"vectorSearchConfiguration": search},
    }
    assert constraint_failures("bedrock-agent-runtime", "Retrieve", request) == []
    result = {"content": {"text": "x"}, "metadata": {"groups": ["hr"], "year": 2024}}
    answer = {"retrievalResults": [result]}
    assert answer_failures("bedrock-agent-runtime", "Retrieve", answer) == []


def test_ascii_is_a_set_of_its_own():
    """A content type has a slash."""
    told = {"EndpointName": "e", "Body": "", "ContentType": "text/csv"}
    assert constraint_failures("sagemaker-runtime", "InvokeEndpoint", told) == []
    wrong = {**told, "ContentType": "téxt"}
    assert len(constraint_failures("sagemaker-runtime", "InvokeEndpoint", wrong)) == 1


def test_a_member_of_another_type_is_malformed():
    """It can't be made of the shape."""
    with pytest.raises(MalformedRequestError, match="at 'names'"):
        constraint_failures("codebuild", "BatchGetProjects", {"names": "p"})


def test_properties_get_the_apis_names():
    """Names are matched without case, free maps keep theirs, text is made where text is taken."""
    shape = service_model("codepipeline").shape_for("ActionDeclaration")
    properties = {
        "Name": "A",
        "ActionTypeId": {"Category": "Source", "Owner": "AWS", "Provider": "S3", "Version": 1},
        "Configuration": {"S3Bucket": "b", "PollForSourceChanges": False},
        "RunOrder": 2,
        "Unknown": "x",
    }
    assert from_template(shape, properties) == {
        "name": "A",
        "actionTypeId": {"category": "Source", "owner": "AWS", "provider": "S3", "version": "1"},
        "configuration": {"S3Bucket": "b", "PollForSourceChanges": "false"},
        "runOrder": 2,
    }


def test_a_sensitive_value_is_not_repeated():
    """Comprehend's texts are sensitive by its model, its language codes are not."""
    request = {"Text": "", "LanguageCode": "xx"}
    text, language = constraint_failures("comprehend", "DetectSentiment", request)
    assert text.startswith("Value at 'text' failed to satisfy constraint: Member must have length")
    assert language.startswith("Value 'xx' at 'languageCode' failed")
