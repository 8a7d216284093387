"""A question to a model and its answer: the values of ports `ModelInvoker` and `ModelQueue`.

Apart from the other ports, so that the front door loads nothing of releases.
"""

from tidegate.values import value


@value
class Answer:
    """What a model answered. `slot` is None when nothing said which variant had the request.

    `attributes` are the custom attributes that the container set, "" without any.
    """

    status: int
    slot: str | None
    body: bytes
    content_type: str
    milliseconds: float
    attributes: str = ""


@value
class Question:
    """A request to a model. `slot` pins the production variant, None lets the endpoint draw.

    `target` names one of the models behind a multi-model endpoint, None where there is one.
    """

    endpoint_name: str
    body: bytes
    content_type: str
    accept: str
    inference_id: str
    slot: str | None = None
    target: str | None = None


@value
class Submission:
    """A request to an asynchronous endpoint, whose input is at an s3:// URL."""

    endpoint_name: str
    input_location: str
    content_type: str
    accept: str
    inference_id: str
    waiting_seconds: int
    processing_seconds: int


@value
class Queued:
    """What an asynchronous endpoint said: status 202 and where the answer or the failure will be.

    Any other status says why it did not take the request, in `message`.
    """

    status: int
    output: str = ""
    failure: str = ""
    message: str = ""


@value
class Later:
    """What has become of an asynchronous request: 202 while it waits, 200 with its answer.

    An answer too large to hand on is at `location`, a URL that is good for a short while; a failed
    one has its reason as body, with status 502.
    """

    status: int
    body: bytes = b""
    content_type: str = "application/octet-stream"
    location: str | None = None
