"""Submitting to an asynchronous model: tickets, sending again, inputs in S3, what is refused."""

from dataclasses import replace

import pytest

from tests import samples
from tests.fakes import FakeClock, FakeKeys, FakeReleaseStore
from tests.request_fakes import FakeAnswers, FakeFirsts, FakeQueue
from tests.samples import ENDPOINT, MODEL, RELEASE
from tidegate.assignment import assign
from tidegate.asynchronous import MOST_PAYLOAD_BYTES, Asynchronous
from tidegate.errors import NotFoundError, SubmissionRefusedError
from tidegate.inference import Queued
from tidegate.observation import Unit
from tidegate.prediction_id import verify
from tidegate.requestlog import ServedLine, parse_line
from tidegate.routing import PredictionRequest, Router
from tidegate.split import NO_RELEASE
from tidegate.strategies import Split
from tidegate.submitting import TAKEN_OVER_SECONDS, Submitted, Submitter

WAITS = Asynchronous(bucket="answers", waiting_seconds=600, processing_seconds=300)
REQUEST = PredictionRequest(
    model=MODEL, body=b"[1]", content_type="application/json", accept="*/*", client="c1"
)
UPLOAD = "s3://answers/uploads/large"


class House:
    """A submitter with all it needs; a release draws users between two queues."""

    def __init__(self) -> None:
        self.store, self.clock, self.keys = FakeReleaseStore(), FakeClock(), FakeKeys()
        self.answers, self.queue, self.firsts = FakeAnswers(), FakeQueue(), FakeFirsts()
        self.split = replace(samples.split(4, RELEASE), drawn_by=Split.ROUTER, asynchronous=WAITS)
        self.store.put_split(self.split)
        self.count = 0
        self.submitter = self.started()

    def started(self) -> Submitter:
        """A process that has read nothing yet."""
        router = Router(
            splits=self.store,
            invoker=NobodyAsks(),
            keys=self.keys,
            clock=self.clock,
            nonce=self.nonce,
        )
        return Submitter(router=router, answers=self.answers, queue=self.queue, firsts=self.firsts)

    def nonce(self) -> str:
        """Another one each time."""
        self.count += 1
        return f"n{self.count}"

    def submit(
        self, *, client: str = "c1", key: str | None = None, upload: str | None = None
    ) -> Submitted:
        """One request of one user."""
        asked = replace(REQUEST, client=client)
        return self.submitter.submit(asked, key=key, upload=upload)


class NobodyAsks:
    """An asynchronous model is never invoked."""

    def invoke(self, question: object) -> None:
        """Fail."""
        raise AssertionError(question)


@pytest.fixture
def house() -> House:
    """A release is open, split 4 is in force."""
    return House()


def test_a_request_waits_in_the_queue_of_its_users_slot(house: House):
    """With the limits of the model; its ticket has where the answer will be."""
    submitted = house.submit()
    (asked,) = house.queue.submitted
    slot = assign(house.split, "c1").slot
    assert asked.endpoint_name == f"{ENDPOINT}-{slot}"
    assert (asked.waiting_seconds, asked.processing_seconds) == (600, 300)
    assert house.answers.objects[asked.input_location] == b"[1]"
    ticket = submitted.ticket
    assert (submitted.status, submitted.line, ticket.queued) == (202, None, True)
    named = verify(ticket.prediction_id, house.keys.read())
    assert (named.slot, named.unit, named.nonce) == (slot, Unit.USER, asked.inference_id)


def test_between_releases_the_live_slot_has_everything(house: House):
    """No endpoint draws between two."""
    steady = replace(house.split, release_id=NO_RELEASE, version=5, control="blue")
    house.store.put_split(steady)
    assert house.submit().ticket.line.slot == "blue"
    assert house.queue.submitted[0].endpoint_name == f"{ENDPOINT}-blue"


def test_a_user_enters_by_what_he_asked_first(house: House):
    """Whichever is answered first: a request that hangs is not passed over for a later one."""
    first = house.submit()
    house.clock.advance(5)
    house.submit()
    (mark,) = house.firsts.marks.values()
    assert mark.startswith(f"[{round(first.ticket.line.served_at * 1_000)},")


def test_the_same_request_again_has_the_same_ticket(house: House):
    """Queued once; another user's request of the same name is another one."""
    first, again = house.submit(key="k"), house.submit(key="k")
    assert again.ticket == first.ticket
    assert len(house.queue.submitted) == 1
    assert house.submit(client="c2", key="k").ticket.prediction_id != first.ticket.prediction_id


def test_a_submission_that_died_is_taken_over_once_it_is_dead(house: House):
    """Until then the caller is told to wait; then the request is queued under a new ticket."""
    first = house.submit(key="k")
    (at,) = house.answers.tickets
    house.answers.close(*at, replace(first.ticket, output="", failure=""))
    with pytest.raises(SubmissionRefusedError, match="again in a minute") as refused:
        house.submit(key="k")
    assert refused.value.status == 409
    house.clock.advance(TAKEN_OVER_SECONDS)
    assert house.submit(key="k").ticket.queued
    assert len(house.queue.submitted) == 2


def test_what_the_queue_refuses_is_a_failed_request_at_once(house: House):
    """It has no notice, so its line is for the request log."""
    house.queue.says = Queued(status=429, message="slow down")
    submitted = house.submit()
    assert (submitted.status, submitted.message) == (429, "slow down")
    line = parse_line(submitted.line or "")
    assert isinstance(line, ServedLine)
    assert (line.status, line.release_id) == (429, RELEASE)


def test_an_input_in_the_bucket_is_taken_from_there(house: House):
    """Nothing is copied."""
    house.answers.objects[UPLOAD] = b"large"
    house.submit(upload=UPLOAD)
    assert house.queue.submitted[0].input_location == UPLOAD


class Large(bytes):
    """A byte more than SageMaker takes, without being so many."""

    def __len__(self) -> int:
        return MOST_PAYLOAD_BYTES + 1


@pytest.mark.parametrize(
    ("upload", "status", "words"),
    [
        ("https://example.com/x", 400, "must be s3://BUCKET/KEY"),
        ("s3://elsewhere/uploads/x", 400, "below s3://answers/uploads/"),
        ("s3://answers/answers/x", 400, "below s3://answers/uploads/"),
        ("s3://answers/uploads/missing", 400, "there is no object"),
        (UPLOAD, 413, "SageMaker takes at most 1073741824"),
    ],
)
def test_an_input_elsewhere_or_too_large_is_refused(
    house: House, upload: str, status: int, words: str
):
    """Nothing is asked then, and no ticket is left."""
    house.answers.objects[UPLOAD] = Large()
    with pytest.raises(SubmissionRefusedError, match=words) as refused:
        house.submit(upload=upload)
    assert refused.value.status == status
    assert (house.queue.submitted, house.answers.tickets) == ([], {})


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_key_has_a_length(house: House, key: str):
    """None that a header could not have, and no empty one."""
    with pytest.raises(SubmissionRefusedError, match="1 to 255 characters"):
        house.submit(key=key)


def test_an_answer_is_found_by_its_prediction_id(house: House):
    """It waits; it is there; it has failed."""
    keys, id_ = house.keys.read(), house.submit().ticket.prediction_id
    assert house.submitter.answer(MODEL, id_, keys).status == 202
    ticket = house.answers.ticket("answers", "n1")
    assert ticket is not None
    house.answers.objects[ticket.failure] = b"why"
    assert house.submitter.answer(MODEL, id_, keys).status == 502
    house.answers.objects[ticket.output] = b"42"
    assert house.submitter.answer(MODEL, id_, keys).body == b"42"


def test_a_forged_or_forgotten_id_is_of_nobody(house: House):
    """And an id of a request whose ticket has expired."""
    keys, id_ = house.keys.read(), house.submit().ticket.prediction_id
    with pytest.raises(NotFoundError, match="prediction id"):
        house.submitter.answer(MODEL, f"{id_[:-2]}xx", keys)
    house.answers.tickets.clear()
    with pytest.raises(NotFoundError, match="keep_answers"):
        house.submitter.answer(MODEL, id_, keys)


def test_a_model_that_answers_at_once_takes_no_submission(house: House):
    """Its split document has no queue."""
    house.store.put_split(replace(house.split, version=5, asynchronous=None))
    with pytest.raises(SubmissionRefusedError, match="answers at once"):
        house.started().submit(REQUEST, key=None, upload=None)
