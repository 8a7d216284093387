"""Messages of SNS to URLs: delivered on this machine, never anywhere else. No ministack here."""

import threading
from urllib.parse import urlsplit

from emulator.loopback import is_loopback
from emulator.runtime import Runtime


class OutsideError(ConnectionError):
    """A message was for another machine, and was not sent."""


def refuse_outside(url: str) -> None:
    """OutsideError unless the URL's host is an address of this machine's loopback, or localhost."""
    host = urlsplit(url).hostname
    if host is None or not (host == "localhost" or is_loopback(host)):
        raise OutsideError(f"the embedded cloud sends nothing to other machines, got {url}")


def install(runtime: Runtime) -> None:
    """Subscriptions of URLs get messages if they are served on this machine."""

    async def start() -> None:
        # It takes a fifth of a second to load, for which nobody who starts a cloud should wait.
        threading.Thread(target=_guard, daemon=True, name="message-guard").start()

    runtime.on_start(start)


def _guard() -> None:
    from emulator.seams import sns  # noqa: PLC0415 - imports ministack

    sns.install(refuse_outside)
