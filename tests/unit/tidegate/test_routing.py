"""One request to one model: asked, stamped, signed, logged."""

from dataclasses import replace
from typing import Any

import pytest

from tests import samples
from tests.fakes import FakeClock, FakeInvoker, FakeKeys, FakeReleaseStore
from tests.samples import ENDPOINT, MODEL, RELEASE
from tidegate.assignment import anonymous_client_of
from tidegate.errors import NotFoundError, OverrideRefusedError
from tidegate.inference import Answer
from tidegate.observation import Unit
from tidegate.override import Override, sign_override
from tidegate.prediction_id import verify
from tidegate.requestlog import UNKNOWN_SLOT
from tidegate.routing import PredictionRequest, Router
from tidegate.split import CACHE_SECONDS, NO_RELEASE, NO_SPLIT, SplitDocument
from tidegate.strategies import Split

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


@pytest.mark.parametrize(
    ("attributes", "slot", "label"),
    [
        ("tidegate-version={v1}", "blue", "v1"),
        ("trace=1; tidegate-version={v2}", "green", "v2"),
        ("tidegate-version=another", UNKNOWN_SLOT, None),
        ("", UNKNOWN_SLOT, None),
    ],
)
def test_where_versions_name_themselves_that_alone_says_whose_the_answer_is(
    house: House, attributes: str, slot: str, label: str | None
):
    """Both fleets of a deploy are one variant; id and log line are stamped by what was said."""
    house.store.put_split(samples.split(5, RELEASE, echoed=True))
    digests = {name: samples.version(name).digest for name in ("v1", "v2")}
    house.invoker.answer = an_answer(slot="blue", attributes=attributes.format(**digests))
    prediction = house.router.predict(REQUEST)
    said = verify(prediction.prediction_id, FakeKeys().read())
    expected = "" if label is None else digests[label]
    assert (prediction.line.slot, prediction.line.version) == (slot, expected)
    assert (said.slot, said.version) == (slot, expected)


def test_elsewhere_what_a_container_says_of_itself_counts_for_nothing(house: House):
    """SageMaker says which variant answered, and that is the slot."""
    digest = samples.version("v1").digest
    house.invoker.answer = an_answer(slot="green", attributes=f"tidegate-version={digest}")
    assert house.router.predict(REQUEST).slot == "green"


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


def drawn_split(**changes: Any) -> SplitDocument:
    """A split that the router draws: every user has green."""
    return samples.split(
        5,
        RELEASE,
        **{"shares": {"blue": 0, "green": 100}, "drawn_by": Split.ROUTER, **changes},
    )


def token(slot: str = "green", model: str = MODEL) -> str:
    """A slot token that lasts a minute."""
    override = Override(model=model, slot=slot, expires_at=FakeClock().now() + 60)
    return sign_override(override, FakeKeys().read())


@pytest.mark.parametrize(("shares", "slot"), [((0, 100), "green"), ((100, 0), "blue")])
def test_the_router_asks_for_the_slot_of_the_user(house: House, shares: tuple[int, int], slot: str):
    """The user is what counts then, in the log and in the id."""
    house.store.put_split(drawn_split(shares=dict(zip(("blue", "green"), shares, strict=True))))
    house.invoker.answer = an_answer(slot=slot)
    prediction = house.router.predict(REQUEST)
    assert house.invoker.asked[0].slot == slot
    line = prediction.line
    assert (line.unit, line.client, line.split_version) == (Unit.USER, "c1", 5)
    assert verify(prediction.prediction_id, FakeKeys().read()).client == "c1"
    assert prediction.new_cookie is None


def test_a_failure_counts_for_the_slot_that_was_asked(house: House):
    """Where nothing else says which one it was: the user was drawn into it."""
    house.store.put_split(drawn_split())
    house.invoker.answer = an_answer(status=503, slot=None)
    prediction = house.router.predict(REQUEST)
    assert (prediction.slot, prediction.version) == ("green", samples.version("v2").digest)


def test_who_has_no_name_gets_a_cookie_and_is_the_same_user_with_it(house: House):
    """His first request counts as his own, and the cookie is no part of the prediction id."""
    house.store.put_split(drawn_split(shares={"blue": 50, "green": 50}))
    nonces = iter(["cookie", "n1", "n2"])
    router = Router(
        splits=house.store,
        invoker=house.invoker,
        keys=FakeKeys(),
        clock=house.clock,
        nonce=lambda: next(nonces),
    )
    first = router.predict(replace(REQUEST, client=""))
    again = router.predict(replace(REQUEST, client=anonymous_client_of(MODEL, "cookie")))
    assert (first.new_cookie, again.new_cookie) == ("cookie", None)
    assert first.line.client == again.line.client
    assert [question.slot for question in house.invoker.asked] in (["blue"] * 2, ["green"] * 2)
    assert verify(first.prediction_id, FakeKeys().read()).nonce == "n1"


def test_between_releases_nobody_is_drawn(house: House):
    """There is one slot with a share, and the endpoint's weights say so."""
    house.store.put_split(replace(drawn_split(), release_id=NO_RELEASE))
    prediction = house.router.predict(replace(REQUEST, client=""))
    assert (house.invoker.asked[0].slot, prediction.new_cookie) == (None, None)
    assert prediction.line.unit is Unit.REQUEST


def test_the_holdout_gets_the_live_version_and_counts_for_nothing(house: House):
    """Its requests are exposure of the release, in its unit."""
    house.store.put_split(drawn_split(holdout_percent=100))
    line = house.router.predict(REQUEST).line
    assert house.invoker.asked[0].slot == "blue"
    assert (line.split_version, line.unit, line.release_id) == (NO_SPLIT, Unit.USER, RELEASE)


@pytest.mark.parametrize(
    ("document", "unit"),
    [(samples.split(4, RELEASE), Unit.REQUEST), (drawn_split(), Unit.USER)],
)
def test_a_tester_gets_his_slot_and_counts_for_nothing(
    house: House, document: SplitDocument, unit: Unit
):
    """Whoever draws, and in the unit of the release: one look has one unit."""
    house.store.put_split(document)
    prediction = house.router.predict(replace(REQUEST, client="", slot_token=token("blue")))
    assert house.invoker.asked[0].slot == "blue"
    assert (prediction.line.split_version, prediction.line.unit) == (NO_SPLIT, unit)
    said = verify(prediction.prediction_id, FakeKeys().read())
    assert (said.split_version, said.unit) == (NO_SPLIT, unit)
    assert (prediction.line.client != "") is (unit is Unit.USER)
    assert prediction.new_cookie is None


@pytest.mark.parametrize("given", ["green", "", token(model="weather"), token("red")])
def test_a_token_that_does_not_hold_asks_nothing(house: House, given: str):
    """An answer from another slot would be believed to be of this one."""
    with pytest.raises(OverrideRefusedError):
        house.router.predict(replace(REQUEST, slot_token=given))
    assert house.invoker.asked == []
