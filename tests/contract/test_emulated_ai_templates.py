"""Lexicons, vocabularies and terminologies of templates are those that the services' APIs know."""

import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError, WaiterError

from emulator.server import EmbeddedCloud

PLS = (
    '<lexicon version="1.0" xmlns="http://www.w3.org/2005/01/pronunciation-lexicon" alphabet="ipa"'
    ' xml:lang="en-US"><lexeme><grapheme>W3C</grapheme><alias>{}</alias></lexeme></lexicon>'
)


def template(alias: str, name: str) -> str:
    """All four types."""
    resources: dict[str, Any] = {
        "Lexicon": {
            "Type": "AWS::Polly::Lexicon",
            "Properties": {"Name": name, "Content": PLS.format(alias)},
        },
        "Words": {
            "Type": "AWS::Transcribe::Vocabulary",
            "Properties": {
                "VocabularyName": name,
                "LanguageCode": "en-US",
                "Phrases": ["Tidegate"],
            },
        },
        "Hidden": {
            "Type": "AWS::Transcribe::VocabularyFilter",
            "Properties": {
                "VocabularyFilterName": name,
                "LanguageCode": "en-US",
                "Words": ["darn"],
            },
        },
        "Terms": {
            "Type": "AWS::Translate::Terminology",
            "Properties": {
                "Name": name,
                "MergeStrategy": "OVERWRITE",
                "TerminologyData": {"File": "ZW4sZGUKQ2FydCxXYXJlbmtvcmIK", "Format": "CSV"},
            },
        },
    }
    outputs = {"Arns": {"Value": {"Fn::Join": [" ", [{"Ref": id_} for id_ in resources]]}}}
    return json.dumps({"Resources": resources, "Outputs": outputs})


@pytest.fixture(scope="module")
def clients(ground_cloud: EmbeddedCloud) -> dict[str, Any]:
    """Of the administrator."""
    session = ground_cloud.session()
    names = ("cloudformation", "polly", "transcribe", "translate")
    return {name: session.client(name) for name in names}


def test_what_a_template_declares_is_known_changed_and_gone(clients: dict[str, Any]):
    """By its name, in each service."""
    stacks, name = clients["cloudformation"], f"x{uuid.uuid4().hex[:8]}"
    stacks.create_stack(StackName=name, TemplateBody=template("web", name))
    stacks.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    (output,) = stacks.describe_stacks(StackName=name)["Stacks"][0]["Outputs"]
    arns = output["OutputValue"].split()
    assert [arn.split(":")[2] for arn in arns] == ["polly", *["transcribe"] * 2, "translate"]
    assert "web" in clients["polly"].get_lexicon(Name=name)["Lexicon"]["Content"]
    vocabulary = clients["transcribe"].get_vocabulary(VocabularyName=name)
    assert vocabulary["VocabularyState"] == "READY"
    clients["transcribe"].get_vocabulary_filter(VocabularyFilterName=name)
    terms = clients["translate"].get_terminology(Name=name)["TerminologyProperties"]
    assert terms["TermCount"] == 1
    stacks.update_stack(StackName=name, TemplateBody=template("net", name))
    stacks.get_waiter("stack_update_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    assert "net" in clients["polly"].get_lexicon(Name=name)["Lexicon"]["Content"]
    stacks.delete_stack(StackName=name)
    stacks.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    for service, call, member in (
        ("polly", "get_lexicon", "Name"),
        ("transcribe", "get_vocabulary", "VocabularyName"),
        ("translate", "get_terminology", "Name"),
    ):
        with pytest.raises(ClientError, match="NotFound"):
            getattr(clients[service], call)(**{member: name})


def test_what_is_no_lexicon_fails_the_stack(clients: dict[str, Any]):
    """With the service's own words."""
    stacks, name = clients["cloudformation"], f"x{uuid.uuid4().hex[:8]}"
    wrong = json.loads(template("web", name))
    wrong["Resources"]["Lexicon"]["Properties"]["Content"] = "<lexicon/>"
    stacks.create_stack(StackName=name, TemplateBody=json.dumps(wrong), OnFailure="DO_NOTHING")
    with pytest.raises(WaiterError):
        stacks.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    events = stacks.describe_stack_events(StackName=name)["StackEvents"]
    reasons = [event.get("ResourceStatusReason", "") for event in events]
    assert any("the root is <lexicon> of PLS" in reason for reason in reasons)
    stacks.delete_stack(StackName=name)
