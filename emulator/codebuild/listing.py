"""Pages of the list operations. Pure: a token is the position where the next page begins."""

from collections.abc import Mapping, Sequence
from typing import Any

from emulator.codebuild import errors
from emulator.codebuild.state import Json

PAGE = 100


def page_of(names: Sequence[Any], request: Mapping[str, Any], member: str) -> Json:
    """The page that the request asks for."""
    token = str(request.get("nextToken", "0"))
    if not token.isdigit():
        raise errors.invalid_input(f"Invalid next token: {token}")
    start = int(token)
    end = start + int(request.get("maxResults", PAGE))
    answer: Json = {member: list(names[start:end])}
    if end < len(names):
        answer["nextToken"] = str(end)
    return answer
