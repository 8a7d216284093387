"""One request to one model: asked, stamped, signed, logged."""

from typing import Any

import pytest

from tests import samples
from tests.fakes import FakeClock, FakeInvoker, FakeKeys, FakeReleaseStore
from tests.samples import ENDPOINT, MODEL, RELEASE
from tidegate.errors import NotFoundError
from tidegate.inference import Answer
from tidegate.prediction_id import verify
from tidegate.requestlog import UNKNOWN_SLOT
from tidegate.routing import PredictionRequest, Router
from tidegate.split import CACHE_SECONDS

REQUEST = PredictionRequest(
    model=MODEL, body=b"[1]", content_type="application/json", accept="*/*", client="c1"
)


class House:
    """A router with all it needs."""

    def __init__(self) -> None:
        self.store, self.clock, self.invoker = FakeReleaseStore(), FakeClock(), FakeInvoker()
        self.store.put_declaration(samples.declaration())
        self.store.put_split(samples.split(4, RELEASE))
        self.router = Router(
            splits=self.store,
            invoker=self.invoker,
            keys=FakeKeys(),
            clock=self.clock,
            nonce=lambda: "nonce",
        )


@pytest.fixture
def house() -> House:
    """A release is open, split 4 is in force."""
    return House()


def an_answer(**changes: Any) -> Answer:
    """A model's answer."""
    fields: dict[str, Any] = {
        "status": 200,
        "slot": "green",
        "body": b"{}",
        "content_type": "application/json",
        "milliseconds": 7.0,
    }
    return Answer(**{**fields, **changes})


def test_the_endpoint_draws_the_slot(house: House):
    """Nothing is pinned, and the inference id is the prediction's nonce."""
    house.router.predict(REQUEST)
    (question,) = house.invoker.asked
    assert (question.endpoint_name, question.slot) == (ENDPOINT, None)
    assert (question.body, question.inference_id) == (b"[1]", "nonce")


def test_a_prediction_is_stamped_with_the_split_and_the_version_that_answered(house: House):
    """Id and log line agree."""
    house.invoker.answer = an_answer()
    prediction = house.router.predict(REQUEST)
    said = verify(prediction.prediction_id, FakeKeys().read())
    digest = samples.version("v2").digest
    assert (said.release_id, said.split_version, said.slot) == (RELEASE, 4, "green")
    assert said.version == prediction.version == prediction.line.version == digest
    assert (prediction.line.split_version, prediction.line.settling) == (4, False)
    assert said.served_at == prediction.line.served_at == house.clock.now()


def test_an_answer_of_no_known_slot_counts_for_none(house: House):
    """A failure that nothing attributes."""
    house.invoker.answer = an_answer(status=503, slot=None)
    prediction = house.router.predict(REQUEST)
    assert (prediction.slot, prediction.version) == (UNKNOWN_SLOT, "")
    assert (prediction.line.slot, prediction.line.status) == (UNKNOWN_SLOT, 503)


def test_a_split_is_used_no_longer_than_a_shift_waits_for_it(house: House):
    """The machine waits so long after announcing before it moves weights."""
    house.router.predict(REQUEST)
    house.store.put_split(samples.split(5, RELEASE, settling=True))
    house.clock.advance(CACHE_SECONDS - 0.1)
    assert house.router.predict(REQUEST).line.split_version == 4
    house.clock.advance(0.1)
    line = house.router.predict(REQUEST).line
    assert (line.split_version, line.settling) == (5, True)


def test_a_model_that_is_not_deployed_is_not_found(house: House):
    """Nothing is asked."""
    with pytest.raises(NotFoundError, match="weather"):
        house.router.predict(
            PredictionRequest(model="weather", body=b"", content_type="", accept="", client="")
        )
    assert house.invoker.asked == []


def test_a_model_without_a_split_is_not_deployed_yet(house: House):
    """Its first deploy has not been verified."""
    house.store.forget(MODEL)
    house.store.put_declaration(samples.declaration())
    with pytest.raises(NotFoundError):
        house.router.predict(REQUEST)
