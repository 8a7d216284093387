"""Online fraud: what is decided and stored, and which outcomes count."""

import io
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.ai_fakes import PLACE, FakeCalls, FakeFiles, FakeMetrics, FakeTime, fake_ports
from tidegate.ai.fraud import KIND
from tidegate.ai.fraud.events import Event, Named
from tidegate.ai.fraud.judging import find, judge
from tidegate.ai.fraud.outcomes import Outcome, begin, record
from tidegate.ai.fraud.settings import FraudSettings, Variable, faults
from tidegate.ai.kind import Arrived, Done
from tidegate.ai.problems import CallFailedError, CallRefusedError, ProblemError

RULES = "block when score > 0.9\nreview when amount > 500\napprove otherwise\n"
VARIABLES = {
    "amount": Variable(type="number"),
    "country": Variable(type="text", required=False, default="CH"),
    "new": Variable(type="tick", required=False),
}
SCORED = FraudSettings(
    rules=RULES, variables=VARIABLES, endpoint="shop-{stage}-fraud", features=("amount", "new")
)
PLAIN = FraudSettings(rules=RULES.partition("\n")[2], variables=VARIABLES)
LEGACY = replace(PLAIN, engine="fraud-detector", enrolled=True)
RESOURCES = {
    "table": "events",
    "endpoint": "shop-test-fraud",
    "detector": "helpers-test-social",
    "prefix": "helpers_test_social",
}
WORK = "0123456789abcdef0123456789abcdef"
DAY = 86_400


class Bench:
    """A service over a table in memory, and a model that scores by the amount."""

    def __init__(self, settings: FraudSettings) -> None:
        self.items: dict[str, Mapping[str, Any]] = {}
        self.answer: bytes | Exception = b"0.5"
        self.sent: list[bytes] = []
        self.outcome = "helpers_test_social_review"
        answers = {
            "dynamodb:GetItem": self._get,
            "dynamodb:PutItem": self._put,
            "sagemaker-runtime:InvokeEndpoint": self._score,
            "frauddetector:GetEventPrediction": lambda _: {
                "ruleResults": [{"ruleId": "line_1", "outcomes": [self.outcome]}]
            },
        }
        self.ports = fake_ports(KIND, answers, settings=settings, resources=RESOURCES)
        assert isinstance(self.ports.calls, FakeCalls)
        assert isinstance(self.ports.clock, FakeTime)
        assert isinstance(self.ports.metrics, FakeMetrics)
        assert isinstance(self.ports.files, FakeFiles)
        self.calls, self.clock = self.ports.calls, self.ports.clock
        self.metrics, self.files = self.ports.metrics, self.ports.files

    def _get(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        item = self.items.get(given["Key"]["pk"]["S"])
        return {} if item is None else {"Item": item}

    def _put(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        item = given["Item"]
        before = self.items.get(item["pk"]["S"])
        revision = -1 if before is None else int(before["revision"]["N"])
        if int(item["revision"]["N"]) != revision + 1:
            code = "ConditionalCheckFailedException"
            raise CallRefusedError(operation="PutItem", code=code, message="changed")
        self.items[item["pk"]["S"]] = item
        return {}

    def _score(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        self.sent.append(given["Body"])
        if isinstance(self.answer, Exception):
            raise self.answer
        return {"Body": io.BytesIO(self.answer)}

    def judge(self, name: str = "order-1", **variables: Any) -> Any:
        """The decision about an event."""
        told = {"amount": 10, **variables}
        return judge(Event(event=name, variables=told, customer="ann"), self.ports)

    def send(self, text: str) -> Any:
        """What came of a file of chargebacks."""
        self.files.content["in/chargebacks/a.csv"] = text.encode()
        arrived = Arrived(key="in/chargebacks/a.csv", name="a.csv", size=len(text), work=WORK)
        done = begin(arrived, self.ports)
        assert isinstance(done, Done)
        return done.result


@pytest.mark.parametrize(
    ("answer", "amount", "decision"),
    [(b"0.95\n", 10, "block"), (b"[0.2]", 600, "review"), (b"0.2,x", 10, "approve")],
)
def test_score_and_rules_decide(answer: bytes, amount: float, decision: str):
    """The model is sent its features in their order; the rule is told."""
    bench = Bench(SCORED)
    bench.answer = answer
    told = bench.judge(amount=amount, new=True)
    assert (told.decision, told.rule.partition(" ")[0]) == (decision, decision)
    assert bench.sent == [f"{float(amount)},1".encode()]


@pytest.mark.parametrize(
    "answer",
    [CallFailedError(operation="o", code="c", message="m"), b"", b"7", b"nan", b"fraud"],
)
def test_without_a_score_the_settings_decide(answer: Any):
    """A model that does not answer, or not with a probability."""
    bench = Bench(SCORED)
    bench.answer = answer
    told = bench.judge()
    assert (told.decision, told.without_score, told.score) == ("review", True, None)
    assert bench.metrics.total("WithoutScore") == 1


def test_an_event_is_decided_once():
    """The second time nobody is asked; another telling of it is refused."""
    bench = Bench(SCORED)
    first = bench.judge()
    bench.answer = b"0.99"
    assert bench.judge() == first
    assert len(bench.sent) == 1
    with pytest.raises(ProblemError) as caught:
        bench.judge(amount=11)
    assert caught.value.status == 409
    assert bench.metrics.total("Approved") == 1
    assert find(Named(event="order-1"), bench.ports) == first


def test_two_requests_at_once_have_one_decision():
    """That of the first that is stored."""
    bench = Bench(SCORED)
    other = Bench(SCORED)
    other.answer = b"0.99"
    stored = other.judge()
    get = bench.calls.answers["dynamodb:GetItem"]
    looks: list[bool] = []

    def blind(given: Mapping[str, Any]) -> Mapping[str, Any]:
        looks.append(True)
        if len(looks) == 1:
            bench.items |= other.items
            return {}
        return get(given)

    bench.calls.answers = {**bench.calls.answers, "dynamodb:GetItem": blind}
    assert bench.judge() == stored
    assert bench.metrics.total("Approved") == 0


def test_a_wrong_event_has_all_its_faults():
    """Unknown, missing, of another type; a boolean is no number."""
    bench = Bench(PLAIN)
    wrong = {"amount": True, "colour": "red", "country": 3}
    with pytest.raises(ProblemError) as caught:
        judge(Event(event="order-1", variables=wrong), bench.ports)
    assert [fault.partition(" ")[0] for fault in caught.value.faults] == [
        "variables.colour",
        "variables.amount",
        "variables.country",
    ]


def test_a_detector_decides_by_the_same_file():
    """With prefixed names; the rule is the file's own line."""
    bench = Bench(LEGACY)
    told = bench.judge(amount=600)
    assert (told.decision, told.rule) == ("review", "review when amount > 500")
    (given,) = [g for name, g in bench.calls.asked if name.startswith("frauddetector")]
    assert given["eventVariables"] == {
        "helpers_test_social_amount": "600.0",
        "helpers_test_social_country": "CH",
        "helpers_test_social_new": "false",
    }


def test_an_outcome_counts_once_and_may_be_taken_back():
    """What counts is the last one."""
    bench = Bench(PLAIN)
    bench.judge()
    outcome = Outcome(event="order-1", label="fraud")
    assert record(outcome, bench.ports).repeated is False
    assert record(outcome, bench.ports).repeated is True
    assert bench.metrics.total("MissedFraud") == 1
    record(Outcome(event="order-1", label="legit"), bench.ports)
    assert find(Named(event="order-1"), bench.ports).label == "legit"
    assert len(json.loads(bench.items["event#order-1"]["document"]["S"])["labels"]) == 2


@pytest.mark.parametrize(("days", "status"), [(179, None), (181, 409)])
def test_an_outcome_may_come_late_but_not_for_ever(days: int, status: int | None):
    """As many days as the settings say."""
    bench = Bench(PLAIN)
    bench.judge()
    bench.clock.pause(days * DAY)
    outcome = Outcome(event="order-1", label="fraud")
    if status is None:
        record(outcome, bench.ports)
    else:
        with pytest.raises(ProblemError) as caught:
            record(outcome, bench.ports)
        assert caught.value.status == status


def test_a_file_is_credited_line_by_line_and_a_second_run_says_the_same():
    """A function that was killed goes on, and counts nobody twice."""
    bench = Bench(PLAIN)
    for number in range(3):
        bench.judge(f"order-{number}")
    record(Outcome(event="order-2", label="fraud"), bench.ports)
    text = "event,label\norder-0,fraud\norder-1,legit\norder-2,fraud\nno such,fraud\nnone,fraud\n"
    first = bench.send(text)
    assert (first.credited, first.repeated, first.unknown, first.late) == (2, 1, 1, 0)
    assert len(first.faults) == 1
    assert first.faults[0].startswith("line 5: event is 'no such'")
    assert bench.send(text) == first
    assert bench.metrics.total("MissedFraud") == 2


@pytest.mark.parametrize(
    ("text", "why"),
    [("id,label\n", "no column event"), ("event,label\n" + "a,fraud\n" * 2_001, "at most 2000")],
)
def test_a_file_that_is_none_is_refused(text: str, why: str):
    """With what is needed."""
    with pytest.raises(ProblemError, match=why):
        Bench(PLAIN).send(text)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"engine": "fraud-detector"}, "since 2025-11-07: take model"),
        ({"features": ("amount",)}, "features and endpoint are given together"),
        ({"endpoint": "e", "features": ("size",)}, "size, which is no variable"),
        ({"rules": "block when score > 1\napprove otherwise"}, "there is no variable score"),
        ({"variables": {"Amount": Variable(type="number")}, "rules": "approve otherwise"}, "small"),
    ],
)
def test_settings_that_cannot_work_are_faults(changes: dict[str, Any], fault: str):
    """Each says what to do."""
    told = faults(replace(PLAIN, **changes))
    assert any(fault in each for each in told), told
    assert faults(PLAIN) == faults(SCORED) == faults(LEGACY) == ()


def test_only_the_chosen_engine_is_there():
    """The endpoint is the stage's; the detector's types acknowledge that they are closed."""
    scored = KIND.resources(SCORED, PLACE)
    assert scored.told["endpoint"] == "shop-test-fraud"
    assert set(scored.templates) == {"Events"}
    legacy = KIND.resources(LEGACY, PLACE).templates
    types = {template["Type"] for template in legacy.values()} - {"AWS::DynamoDB::Table"}
    assert all(kind.startswith("AWS::FraudDetector::") for kind in types)
    rules = legacy["Detector"]["Properties"]["Rules"]
    assert [rule["Expression"] for rule in rules] == [
        "($helpers_test_social_amount > 500)",
        "$helpers_test_social_amount == $helpers_test_social_amount",
    ]
