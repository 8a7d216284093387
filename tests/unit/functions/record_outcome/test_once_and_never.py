"""One outcome a prediction under concurrency and retries; none for an id that nobody signed."""

import json
import random
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from record_outcome.handler import handle
from tests.forgeries import KINDS, forgeries
from tests.samples import MODEL, RELEASE
from tidegate.errors import ForgedPredictionIdError
from tidegate.prediction_id import PredictionId, sign, verify
from tidegate.requestlog import OutcomeLine, parse_line
from tidegate_aws.keys import signing_keys

KEYS = signing_keys('{"current": "k1", "k1": "a generated text"}', now=0.0)


def an_id(number: int) -> str:
    """The id of a prediction that was served just now."""
    served = PredictionId(
        model=MODEL,
        release_id=RELEASE,
        slot="green",
        version="abc",
        split_version=3,
        served_at=time.time(),
        nonce=str(number),
    )
    return sign(served, KEYS)


def tell(prediction_id: str) -> int:
    """The status with which an outcome is answered."""
    body = json.dumps({"prediction_id": prediction_id, "wrong": True})
    answer: dict[str, Any] = handle({"body": body, "isBase64Encoded": False}, None)
    return int(answer["statusCode"])


def logged(capsys: pytest.CaptureFixture[str]) -> list[OutcomeLine]:
    """The outcomes in the request log."""
    lines = (parse_line(line) for line in capsys.readouterr().out.splitlines())
    return [line for line in lines if isinstance(line, OutcomeLine)]


@pytest.mark.usefixtures("store")
def test_fifty_posts_of_one_prediction_credit_one(capsys: pytest.CaptureFixture[str]):
    """Whoever was first; the request log has it once."""
    prediction_id = an_id(1)
    with ThreadPoolExecutor(50) as pool:
        statuses = Counter(pool.map(tell, [prediction_id] * 50))
    assert statuses == {202: 1, 409: 49}
    assert len(logged(capsys)) == 1


@pytest.mark.usefixtures("store")
def test_a_thousand_forged_ids_credit_none(capsys: pytest.CaptureFixture[str]):
    """Each is refused as forged, and the honest ones are still good."""
    honest = [an_id(number) for number in range(20)]
    assert Counter(tell(one) for one in forgeries(honest, count=1_000)) == {400: 1_000}
    assert logged(capsys) == []
    assert Counter(tell(one) for one in honest) == {202: 20}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_forgery_is_found(kind: str):
    """By itself, so that none hides behind another."""
    honest = [an_id(number) for number in range(20)]
    chance = random.Random(3)  # noqa: S311 - forgeries of tests, not secrets
    made = {KINDS[kind](chance, honest) for _ in range(200)} - set(honest)
    assert made
    for one in made:
        with pytest.raises(ForgedPredictionIdError):
            verify(one, KEYS)


class Broken:
    """Standard output of a process that dies before its line is out."""

    def write(self, _: str) -> int:
        """It is too late."""
        raise BrokenPipeError


@pytest.mark.usefixtures("store")
def test_a_death_between_ledger_and_log_loses_one_and_counts_none_twice(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    """The caller asks again and is told that it was credited: this outcome is in no log."""
    prediction_id = an_id(1)
    with monkeypatch.context() as dying:
        dying.setattr(sys, "stdout", Broken())
        with pytest.raises(BrokenPipeError):
            tell(prediction_id)
    assert tell(prediction_id) == 409
    assert tell(an_id(2)) == 202
    assert len(logged(capsys)) == 1
