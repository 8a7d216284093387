"""Messages of SNS to URLs: delivered on this machine, never anywhere else. No ministack here."""

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


def install(_runtime: Runtime) -> None:
    """Subscriptions of URLs get messages if they are served on this machine."""
    from emulator.seams import sns  # noqa: PLC0415 - imports ministack

    sns.install(refuse_outside)
