"""Pages of the list operations; a token is the position where the next page begins."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emulator.jsonapi import Json, RefusedRequestError


@dataclass(frozen=True, kw_only=True, slots=True)
class Paging:
    """How an operation's pages are asked for; `code` is its error of a wrong token."""

    most: int
    code: str
    size: str = "MaxResults"
    token: str = "NextToken"  # noqa: S105 - a member's name

    def page(
        self,
        records: Sequence[Any],
        request: Mapping[str, Any],
        *,
        member: str,
        shown: Callable[[Any], Any] = lambda record: record,
    ) -> Json:
        """The answer with the page that the request asks for under `member`."""
        text = str(request.get(self.token, "0"))
        if not text.isdecimal() or int(text) > len(records):
            raise RefusedRequestError(self.code, f"{self.token} is not one of this list: {text}")
        start = int(text)
        end = start + int(request.get(self.size, self.most))
        answer: Json = {member: [shown(record) for record in records[start:end]]}
        if end < len(records):
            answer[self.token] = str(end)
        return answer
