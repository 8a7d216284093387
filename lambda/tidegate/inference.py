"""A question to a model and its answer: the values of port `ModelInvoker`.

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
    """A request to a model. `slot` pins the production variant, None lets the endpoint draw."""

    endpoint_name: str
    body: bytes
    content_type: str
    accept: str
    inference_id: str
    slot: str | None = None
