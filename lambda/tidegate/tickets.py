"""Tickets of asynchronous requests: what was submitted, under which split, and where its answer is.

Whatever becomes of a request is counted where it was drawn: in the interval in which it was
submitted. That interval is closed when none of its requests can still be under way, so that a step
never ends over requests that wait.
"""

import json

from tidegate.errors import InvalidValueError
from tidegate.requestlog import ServedLine, parse_line
from tidegate.values import value


@value
class Ticket:
    """One submission: its signed id, its line of the request log as far as it is known, its place.

    `line` has the moment of the submission. `output` and `failure` are s3:// URLs, empty until
    SageMaker has the request.
    """

    prediction_id: str
    line: ServedLine
    output: str = ""
    failure: str = ""

    @property
    def queued(self) -> bool:
        """Whether SageMaker has the request."""
        return self.output != ""

    def to_text(self) -> str:
        """The ticket as text; `from_text` reads it back."""
        return json.dumps(
            {
                "prediction_id": self.prediction_id,
                "line": self.line.to_line(),
                "output": self.output,
                "failure": self.failure,
            },
            separators=(",", ":"),
        )

    @classmethod
    def from_text(cls, text: str) -> "Ticket":
        """The ticket that `to_text` wrote; InvalidValueError where its line is damaged."""
        data = json.loads(text)
        line = parse_line(data["line"])
        if not isinstance(line, ServedLine):
            raise InvalidValueError([f"a ticket without the line of its request: {data['line']!r}"])
        return cls(
            prediction_id=data["prediction_id"],
            line=line,
            output=data["output"],
            failure=data["failure"],
        )
