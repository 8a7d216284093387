"""S3 of ministack: who wants to know is told of every new object, whatever the bucket announces.

Seam: `s3._fire_s3_event_async`, which every way of writing an object ends in.
"""

from collections.abc import Callable
from typing import Any

from ministack.core import responses

Created = Callable[[str, str, str], None]
"""(account, bucket, key); called while the request is answered, so it must not block."""

_listeners: list[Created] = []
_attached = False


def on_created(listener: Created) -> None:
    """`listener` hears of every object that is created from now on, once however often given."""
    if listener not in _listeners:
        _listeners.append(listener)
    _attach()


def _attach() -> None:
    global _attached  # noqa: PLW0603 - ministack is patched once a process
    if _attached:
        return
    from ministack.services import s3  # noqa: PLC0415 - loaded when first used

    built_in = s3._fire_s3_event_async

    def fire(bucket_name: str, key: str, event_name: str, *rest: Any, **options: Any) -> None:
        built_in(bucket_name, key, event_name, *rest, **options)
        if event_name.startswith("s3:ObjectCreated:"):
            account = responses.get_account_id()
            for listener in _listeners:
                listener(account, bucket_name, key)

    s3._fire_s3_event_async = fire
    _attached = True
