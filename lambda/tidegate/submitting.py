"""Submitting: a request to an asynchronous model gets a ticket, and waits in its slot's queue.

The ticket is written before the request is queued, and once more with the places of its answer:
killed in between, a request may be answered without its caller knowing, and is counted all the
same. A caller who names his request (`key`) may send it again: as long as it is known that it was
queued he gets the same ticket, and a submission that died is taken over once it surely is dead.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

from tidegate.asynchronous import INPUTS, MOST_PAYLOAD_BYTES, UPLOADS, Asynchronous, split_url
from tidegate.errors import ForgedPredictionIdError, NotFoundError, SubmissionRefusedError
from tidegate.inference import Submission
from tidegate.prediction_id import sign, verify
from tidegate.routing import Placed, PredictionRequest, id_of, submission_line
from tidegate.tickets import Ticket
from tidegate.tracks import track_endpoint
from tidegate.users import once_a_user
from tidegate.values import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tidegate.inference import Later, Queued
    from tidegate.ports import Answers, Firsts, ModelQueue
    from tidegate.routing import Router
    from tidegate.signing import SigningKeys

ACCEPTED = 202
TAKEN_OVER_SECONDS = 60
"""After how long a submission without a place is dead: twice the time limit of `route_request`."""

MOST_KEY_CHARACTERS = 255


@value
class Submitted:
    """What came of a submission: its ticket, and whether the queue took it (status 202).

    `line` is to be logged where it did not: a request that failed before it waited has no notice.
    """

    ticket: Ticket
    status: int = ACCEPTED
    message: str = ""
    new_cookie: str | None = None

    @property
    def line(self) -> str | None:
        """The line of the request log, None while the request is under way."""
        return None if self.status == ACCEPTED else self.ticket.line.to_line()


@value
class Submitter:
    """Sends requests to the queue of the slot that is the user's."""

    router: Router
    answers: Answers
    queue: ModelQueue
    firsts: Firsts

    def submit(
        self, request: PredictionRequest, *, key: str | None, upload: str | None
    ) -> Submitted:
        """The request waits, and its ticket says where its answer will be; or why not.

        `key` is the caller's own name of the request, `upload` an input that he has put into the
        bucket. SubmissionRefusedError for an input that is not there or too large, and for a name
        whose first submission may still be under way: then nothing was asked.
        """
        _refuse_key(key)
        placed = self.router.place(request)
        waits = _of(placed)
        nonce = placed.nonce if key is None else _named(request, key)
        given = None if upload is None else self._upload(waits, upload)
        placed = replace(placed, nonce=nonce)
        ticket = _ticket(placed)
        if not self.answers.open(waits.bucket, nonce, ticket):
            known = self._known(waits, nonce, ticket)
            if known is not None:
                return Submitted(ticket=known)
        # A user enters by what he asked first, whatever is answered first: a request that hangs
        # must not be passed over for a later one that does not.
        once_a_user([ticket.line], self.firsts)
        located = given
        if located is None:
            located = self.answers.put_input(
                waits.bucket, f"{INPUTS}/{nonce}", request.body, content_type=request.content_type
            )
        queued = self.queue.submit(_submission(placed, request, ticket, located))
        if queued.status != ACCEPTED:
            return _refused(ticket, queued, placed)
        ticket = replace(ticket, output=queued.output, failure=queued.failure)
        self.answers.close(waits.bucket, nonce, ticket)
        return Submitted(ticket=ticket, new_cookie=placed.draw.new_cookie)

    def answer(self, model: str, prediction_id: str, keys: SigningKeys) -> Later:
        """What has become of a request; NotFoundError where nobody knows it, or not any more."""
        waits = self.router.answers_later(model)
        try:
            named = verify(prediction_id, keys)
        except ForgedPredictionIdError as error:
            raise NotFoundError(str(error)) from error
        ticket = None if waits is None else self.answers.ticket(waits.bucket, named.nonce)
        if ticket is None or ticket.prediction_id != prediction_id or named.model != model:
            raise NotFoundError(
                f"no request to {model} has this prediction id: it was answered at once, is of "
                "another model, or is older than its answers are kept (hosting.asynchronous."
                "keep_answers)"
            )
        return self.answers.answer(ticket)

    def _upload(self, waits: Asynchronous, url: str) -> str:
        """The caller's own input, which only his place in the bucket may have."""
        try:
            bucket, key = split_url(url)
        except ValueError as error:
            raise SubmissionRefusedError(400, f"the input's place {error}") from error
        if bucket != waits.bucket or not key.startswith(f"{UPLOADS}/"):
            raise SubmissionRefusedError(
                400, f"an input is put below s3://{waits.bucket}/{UPLOADS}/, got {url}"
            )
        size = self.answers.size(bucket, key)
        if size is None:
            raise SubmissionRefusedError(400, f"there is no object at {url}: put it there first")
        if size > MOST_PAYLOAD_BYTES:
            raise SubmissionRefusedError(
                413, f"the input has {size} bytes, SageMaker takes at most {MOST_PAYLOAD_BYTES}"
            )
        return url

    def _known(self, waits: Asynchronous, nonce: str, again: Ticket) -> Ticket | None:
        """The ticket of the same request before; None where this one takes its place."""
        before = self.answers.ticket(waits.bucket, nonce)
        if before is not None and before.queued:
            return before
        age = 0.0 if before is None else again.line.served_at - before.line.served_at
        if before is not None and age < TAKEN_OVER_SECONDS:
            raise SubmissionRefusedError(
                409, "the same request is being submitted: send it again in a minute"
            )
        self.answers.close(waits.bucket, nonce, again)
        return None


def _refuse_key(key: str | None) -> None:
    if key is not None and not 0 < len(key) <= MOST_KEY_CHARACTERS:
        raise SubmissionRefusedError(
            400, f"an idempotency key has 1 to {MOST_KEY_CHARACTERS} characters, got {len(key)}"
        )


def _of(placed: Placed) -> Asynchronous:
    waits = placed.split.asynchronous
    if waits is None:
        raise SubmissionRefusedError(409, f"{placed.split.model} answers at once")
    return waits


def _named(request: PredictionRequest, key: str) -> str:
    """One request of one caller of one model: another caller's same name is another request."""
    named = json.dumps([request.model, request.client, key])
    return hashlib.sha256(named.encode()).hexdigest()[:32]


def _ticket(placed: Placed) -> Ticket:
    line = submission_line(placed, ACCEPTED)
    return Ticket(prediction_id=sign(id_of(line, placed.nonce), placed.keys), line=line)


def _submission(
    placed: Placed, request: PredictionRequest, ticket: Ticket, located: str
) -> Submission:
    waits = _of(placed)
    return Submission(
        endpoint_name=track_endpoint(placed.split.endpoint_name, ticket.line.slot),
        input_location=located,
        content_type=request.content_type,
        accept=request.accept,
        inference_id=placed.nonce,
        waiting_seconds=waits.waiting_seconds,
        processing_seconds=waits.processing_seconds,
    )


def _refused(ticket: Ticket, queued: Queued, placed: Placed) -> Submitted:
    """The queue did not take it: a request that failed at once."""
    line = replace(ticket.line, status=queued.status)
    return Submitted(
        ticket=replace(ticket, line=line),
        status=queued.status,
        message=queued.message,
        new_cookie=placed.draw.new_cookie,
    )
