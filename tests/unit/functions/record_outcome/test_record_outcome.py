"""The front door of outcomes."""

import base64
import json
import time
from dataclasses import replace
from typing import Any

import pytest

from emulator.cloudwatch.embedded import embedded_values
from record_outcome.handler import handle
from tests import samples
from tests.samples import MODEL, RELEASE
from tidegate.observation import OutcomeKind
from tidegate.plan import Guardrail, Metric
from tidegate.prediction_id import PredictionId, sign
from tidegate.requestlog import OutcomeLine, parse_line
from tidegate_aws.keys import signing_keys
from tidegate_aws.release_store import DynamoReleaseStore

KEYS = signing_keys('{"current": "k1", "k1": "a generated text"}', now=0.0)
SERVED = PredictionId(
    model=MODEL,
    release_id=RELEASE,
    slot="green",
    version="abc",
    split_version=3,
    served_at=0.0,
    nonce="n",
)


def an_id(**changes: Any) -> str:
    """The id of a prediction served ten seconds ago."""
    return sign(replace(SERVED, **{"served_at": time.time() - 10, **changes}), KEYS)


def tell(body: Any, **event: Any) -> dict[str, Any]:
    """The answer to an outcome."""
    text = body if isinstance(body, str) else json.dumps(body)
    response = handle({"body": text, "isBase64Encoded": False, **event}, None)
    return {"status": response["statusCode"], **json.loads(response["body"])}


Logged = pytest.CaptureFixture[str]


def refused(logged: Logged) -> dict[tuple[str, str], int]:
    """Refused outcomes in the log's metrics, by model and reason."""
    counts: dict[tuple[str, str], int] = {}
    for line in logged.readouterr().out.splitlines():
        for found in embedded_values(line):
            if (found.namespace, found.name) == ("Tidegate", "RefusedOutcomes"):
                key = found.dimensions["Model"], found.dimensions["Reason"]
                counts[key] = counts.get(key, 0) + int(sum(found.samples))
    return counts


@pytest.mark.usefixtures("store")
def test_an_outcome_is_credited_and_logged(capsys: pytest.CaptureFixture[str]):
    """The line says which split served the prediction."""
    assert tell({"prediction_id": an_id(), "wrong": True}) == {"status": 202, "credited": True}
    line = parse_line(capsys.readouterr().out)
    assert isinstance(line, OutcomeLine)
    assert (line.release_id, line.slot, line.split_version) == (RELEASE, "green", 3)
    assert line.wrong
    assert line.known_at - line.served_at == pytest.approx(10, abs=5)


@pytest.mark.usefixtures("store")
def test_a_repeated_outcome_is_refused_and_counted(capsys: pytest.CaptureFixture[str]):
    """Not even with another word."""
    prediction_id = an_id()
    tell({"prediction_id": prediction_id, "wrong": True})
    capsys.readouterr()
    answer = tell({"prediction_id": prediction_id, "wrong": False})
    assert (answer["status"], answer["reason"]) == (409, "duplicate")
    out = capsys.readouterr().out
    assert [parse_line(line) for line in out.splitlines()] == [None]
    assert '"Reason":"duplicate"' in out


@pytest.mark.usefixtures("store")
def test_a_late_outcome_is_refused_and_counted(capsys: Logged):
    """The plan says how long one may wait."""
    answer = tell({"prediction_id": an_id(served_at=time.time() - 86_500), "wrong": True})
    assert (answer["status"], answer["reason"]) == (410, "late")
    assert refused(capsys) == {(MODEL, "late"): 1}


@pytest.mark.usefixtures("store")
def test_a_forged_outcome_is_refused_and_counted_for_no_model(capsys: Logged):
    """Whose name it bears proves nothing."""
    payload, _, _ = an_id().partition(".")
    answer = tell({"prediction_id": f"{payload}.AAAAAAAAAAAAAAAAAAAAAA", "wrong": True})
    assert (answer["status"], answer["reason"]) == (400, "forged")
    assert refused(capsys) == {("-", "forged"): 1}


def test_an_outcome_of_a_removed_model_is_an_orphan(store: DynamoReleaseStore, capsys: Logged):
    """It is counted under the model that it names truly."""
    store.forget(MODEL)
    answer = tell({"prediction_id": an_id(), "wrong": True})
    assert (answer["status"], answer["reason"]) == (404, "orphan")
    assert refused(capsys) == {(MODEL, "orphan"): 1}


def test_a_non_event_is_refused_where_only_events_come(store: DynamoReleaseStore, capsys: Logged):
    """The answer names the kind, and what to report instead."""
    kind = OutcomeKind.COMPLAINTS
    plan = replace(
        samples.PLAN, guardrails=(Guardrail(metric=Metric.OUTCOMES, margin=0.01, kind=kind),)
    )
    store.put_declaration(samples.declaration(plan=plan))
    answer = tell({"prediction_id": an_id(), "wrong": False})
    assert (answer["status"], answer["reason"]) == (422, "no-event")
    assert "of kind complaints" in answer["message"]
    assert refused(capsys) == {(MODEL, "no-event"): 1}


@pytest.mark.parametrize("body", ["", "no json", "[]", "{}", '{"prediction_id": 1, "wrong": "no"}'])
@pytest.mark.usefixtures("store")
def test_a_malformed_outcome_is_refused_and_counted(body: str, capsys: Logged):
    """The answer says what it should have been."""
    answer = tell(body)
    assert (answer["status"], answer["reason"]) == (400, "malformed")
    assert refused(capsys) == {("-", "malformed"): 1}


@pytest.mark.usefixtures("store")
def test_all_faults_of_a_body_are_named_at_once():
    """One answer shows everything that is to be mended."""
    message = tell({"wrong": "yes"})["message"]
    assert "prediction_id must be a string" in message
    assert "wrong must be true or false" in message


@pytest.mark.usefixtures("store")
def test_an_encoded_body_is_read():
    """HTTP APIs encode what they take for binary."""
    body = base64.b64encode(json.dumps({"prediction_id": an_id(), "wrong": False}).encode())
    assert tell(body.decode(), isBase64Encoded=True)["status"] == 202
