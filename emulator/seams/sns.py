"""SNS of ministack: what it posts to URLs goes through a guard first."""

from collections.abc import Callable
from typing import Any


def install(guard: Callable[[str], None]) -> None:
    """`guard(url)` may raise before anything is posted; that is logged as a failed delivery."""
    from ministack.services import sns  # noqa: PLC0415 - loaded when first used

    post = sns._http_post_sync

    def guarded(endpoint: str, *rest: Any) -> Any:
        guard(endpoint)
        return post(endpoint, *rest)

    sns._http_post_sync = guarded
