"""Translate of the embedded cloud, as a client with boto3 sees it."""

import json
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


def test_batch_jobs_are_still_answered(translate: Any):
    """They are ministack's."""
    assert translate.list_text_translation_jobs()["TextTranslationJobPropertiesList"] == []
