"""What the release stack says of outcomes and news: keys, topic, files, dashboard."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from emulator.cloudwatch.embedded import EmbeddedValue, embedded_values
from stacks.components.dashboard import MOST_MODELS, Shown, widgets
from tests import samples
from tests.fakes import FakeClock
from tests.synth.assembly import Assembly
from tidegate import announcement
from tidegate.metrics import metric_line
from tidegate.outcomes import NO_MODEL, REASONS
from tidegate.release import Phase
from tidegate.slots import PAIR
from tidegate.verdict import Claim, Evidence, Verdict, VerdictKind
from tidegate_aws.refused import LoggedRefused

PLAIN, FULL = "shop-dev-release", "shop-prod-release"


def _properties(assembly: Assembly, stack: str, id_: str) -> dict[str, Any]:
    found: dict[str, Any] = assembly.templates[stack]["Resources"][id_]["Properties"]
    return found


def _statements(assembly: Assembly, stack: str, role: str) -> list[dict[str, Any]]:
    policies = _properties(assembly, stack, role)["Policies"]
    found: list[dict[str, Any]] = policies[0]["PolicyDocument"]["Statement"]
    return found


def test_keys_are_rotated_without_anybody(first: Assembly):
    """Every thirty days, by a function that Secrets Manager may invoke; a deploy rotates none."""
    (schedule,) = first.resources(PLAIN, "AWS::SecretsManager::RotationSchedule").values()
    rotation = schedule["Properties"]
    permission = _properties(first, PLAIN, "RotateKeysPermission")

    assert rotation["SecretId"] == {"Ref": "SigningSecret"}
    assert rotation["RotationLambdaARN"] == {"Fn::GetAtt": ["RotateKeys", "Arn"]}
    assert rotation["RotationRules"] == {"ScheduleExpression": "rate(30 days)"}
    assert rotation["RotateImmediatelyOnUpdate"] is False
    assert schedule["DependsOn"] == ["RotateKeysPermission"]
    assert permission["Principal"] == "secretsmanager.amazonaws.com"
    assert permission["SourceAccount"] == {"Ref": "AWS::AccountId"}


def test_only_the_rotation_writes_keys(first: Assembly):
    """Whoever verifies and signs reads them."""
    writers = {
        id_
        for id_ in first.resources(PLAIN, "AWS::IAM::Role")
        for statement in _statements(first, PLAIN, id_)
        if "secretsmanager:PutSecretValue" in statement["Action"]
    }

    assert writers == {"RotateKeysRole"}


def test_the_topic_is_encrypted_and_takes_tls_only(first: Assembly):
    """By the key that AWS manages for SNS."""
    policy = _properties(first, PLAIN, "NotificationsPolicy")["PolicyDocument"]["Statement"]

    assert _properties(first, PLAIN, "Notifications") == {"KmsMasterKeyId": "alias/aws/sns"}
    assert [(s["Effect"], s["Action"]) for s in policy] == [("Deny", "sns:Publish")]
    assert policy[0]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_subscribers_are_those_of_the_stage(first: Assembly, later: Assembly):
    """Nobody is told who is not named."""
    found = {
        (s["Properties"]["Protocol"], s["Properties"]["Endpoint"])
        for s in later.resources(FULL, "AWS::SNS::Subscription").values()
    }

    assert first.resources(PLAIN, "AWS::SNS::Subscription") == {}
    assert found == {
        ("email", "ops@example.com"),
        ("https", "https://hooks.example.com/releases"),
    }


def test_only_the_announcer_publishes(first: Assembly):
    """To this topic alone."""
    publishing = [
        (id_, statement["Resource"])
        for id_ in first.resources(PLAIN, "AWS::IAM::Role")
        for statement in _statements(first, PLAIN, id_)
        if "sns:Publish" in statement["Action"]
    ]

    assert publishing == [("AnnounceReleaseRole", [{"Ref": "Notifications"}])]


def test_the_releases_stream_is_announced(first: Assembly):
    """Log entries once, records whenever they are written, and nothing else of the table."""
    source = _properties(first, PLAIN, "AnnounceReleaseSource")
    patterns = [json.loads(f["Pattern"]) for f in source["FilterCriteria"]["Filters"]]

    assert source["EventSourceArn"] == {"Fn::GetAtt": ["ReleaseTable", "StreamArn"]}
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert source["StartingPosition"] == "TRIM_HORIZON"
    assert [pattern["dynamodb"]["Keys"]["sk"]["S"] for pattern in patterns] == [
        [{"prefix": "log#"}],
        ["record"],
    ]
    stream = _properties(first, PLAIN, "ReleaseTable")["StreamSpecification"]
    assert stream == {"StreamViewType": "NEW_IMAGE"}


def test_files_of_outcomes_are_opt_in(first: Assembly, later: Assembly):
    """A stage that takes none has no bucket and no importer."""
    names = {"OutcomeBucket", "ImportMachine", "ImportOutcomes", "OutcomeFileRule"}

    assert not names & set(first.templates[PLAIN]["Resources"])
    assert names <= set(later.templates[FULL]["Resources"])
    assert "OutcomeBucketName" in later.templates[FULL]["Outputs"]


def test_what_is_put_into_the_bucket_is_imported(later: Assembly):
    """But for the results that an import writes there."""
    bucket = _properties(later, FULL, "OutcomeBucket")
    rule = _properties(later, FULL, "OutcomeFileRule")

    events = bucket["NotificationConfiguration"]["EventBridgeConfiguration"]
    assert events == {"EventBridgeEnabled": True}
    assert bucket["LifecycleConfiguration"]["Rules"][0]["ExpirationInDays"] == 7
    detail = rule["EventPattern"]["detail"]
    assert detail["bucket"] == {"name": [{"Ref": "OutcomeBucket"}]}
    assert detail["object"] == {"key": [{"anything-but": {"suffix": ".result.json"}}]}
    (target,) = rule["Targets"]
    assert (target["Arn"], target["InputPath"]) == ({"Ref": "ImportMachine"}, "$.detail")


def test_the_importer_writes_results_only(later: Assembly):
    """It reads what is in its own bucket, and overwrites no file."""
    writes = [
        statement["Resource"]
        for statement in _statements(later, FULL, "ImportOutcomesRole")
        if "s3:PutObject" in statement["Action"]
    ]

    assert writes == [[{"Fn::Sub": "${OutcomeBucket.Arn}/*.result.json"}]]
    function = _properties(later, FULL, "ImportOutcomes")
    assert (function["Timeout"], function["MemorySize"]) == (900, 1024)


MODEL = samples.MODEL
HARM = Evidence(
    metric="errors",
    claim=Claim.HARM,
    log_evidence=1.0,
    log_limit=4.0,
    live_rate=0.0,
    candidate_rate=0.1,
)
OVER = replace(
    samples.record(),
    phase=Phase.ROLLED_BACK,
    verdict=Verdict(kind=VerdictKind.ROLL_BACK, reason="r", evidence=(HARM,)),
    decided_at=samples.START,
    restored_at=samples.START,
    finished_at=samples.START + 60,
)


def _published() -> list[EmbeddedValue]:
    """The metrics that the product's own code publishes of one release and of refused outcomes."""
    lines: list[str] = []
    refused = LoggedRefused(clock=FakeClock(), write=lines.append)
    for reason in REASONS:
        refused.count(MODEL, reason)
    refused.count(NO_MODEL, "forged")
    lines += [metric_line(m, at=samples.START) for m in announcement.metrics_of(OVER)]
    return [found for line in lines for found in embedded_values(line)]


def _shown() -> Iterator[tuple[str, list[Any]]]:
    """Title and metric of every line of the dashboard that is of the product."""
    endpoints = dict.fromkeys(PAIR, "endpoint")
    for widget in widgets([Shown(model=MODEL, endpoints=endpoints)], region="eu-west-1"):
        for metric in widget["properties"]["metrics"]:
            if metric[0] != "AWS/SageMaker":
                yield widget["properties"]["title"], metric


_SEARCH = re.compile(r"SEARCH\('\{(?P<names>[^}]+)\} (?P<terms>[^']+)', '[A-Za-z]+', 60\)")


def _matches(metric: list[Any], found: EmbeddedValue) -> bool:
    """Whether a line of the dashboard shows a published metric."""
    if isinstance(metric[0], dict):
        match = _SEARCH.search(metric[0]["expression"])
        assert match is not None, metric
        namespace, *names = match["names"].split(",")
        terms = dict(re.findall(r'(\w+)="([^"]+)"', match["terms"]))
        name = terms.pop("MetricName")
        known = found.dimensions.items() >= terms.items()
        same = set(names) == set(found.dimensions) and names == sorted(names)
        return (namespace, name) == (found.namespace, found.name) and same and known
    namespace, name, *pairs = [part for part in metric if isinstance(part, str)]
    dimensions = dict(zip(pairs[::2], pairs[1::2], strict=True))
    return (namespace, name, dimensions) == (found.namespace, found.name, found.dimensions)


@pytest.mark.parametrize(("title", "metric"), list(_shown()))
def test_every_line_of_the_dashboard_is_published(title: str, metric: list[Any]):
    """With these very dimensions: a metric with others is another metric."""
    assert any(_matches(metric, found) for found in _published()), title


def test_everything_that_is_published_is_on_the_dashboard():
    """Nothing is paid for that nobody sees, but for the times to restore, which alarms may use."""
    shown = [metric for _, metric in _shown()]
    unseen = {f.name for f in _published() if not any(_matches(metric, f) for metric in shown)}

    assert unseen == {"RestoreSeconds"}


def test_refused_outcomes_are_a_line_a_reason():
    """In the order in which an outcome is examined."""
    labels = [metric[0]["label"] for title, metric in _shown() if "refused" in title]

    assert labels == list(REASONS)


def test_a_dashboard_never_has_more_widgets_than_it_takes():
    """500, by CloudWatch's quotas; the models beyond are left out."""
    endpoints = dict.fromkeys(PAIR, "endpoint")
    many = [Shown(model=f"m{n:03d}", endpoints=endpoints) for n in range(MOST_MODELS + 50)]

    assert len(widgets(many, region="eu-west-1")) == 2 + 6 * MOST_MODELS <= 500
