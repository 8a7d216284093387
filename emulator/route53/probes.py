"""One look of a health checker at an endpoint: connect, ask, read.

Limits are those of the developer guide ("How Route 53 determines whether an endpoint is healthy"),
on the wall's clock. Certificates are not verified, as Route 53 does not.
"""

import asyncio
import contextlib
import ssl
from dataclasses import dataclass

from emulator.route53.check_config import CheckConfig, CheckType

TCP_SECONDS = 10.0
CONNECT_SECONDS = 4.0
ANSWER_SECONDS = 2.0
SEARCHED_BYTES = 5120
USER_AGENT = "Amazon-Route53-Health-Check-Service (embedded cloud)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a checker saw."""

    passed: bool
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an endpoint is on this machine."""

    address: str
    port: int


async def look_at(config: CheckConfig, place: Place) -> Look:
    """What the endpoint answers; a failure to answer is a look that did not pass."""
    try:
        if config.type is CheckType.TCP:
            return await _connects(place)
        return await _answers(config, place)
    except TimeoutError:
        return Look(passed=False, said="Failure: the endpoint did not answer in time")
    except (OSError, ValueError) as error:
        return Look(passed=False, said=f"Failure: {error}")


async def _connects(place: Place) -> Look:
    opening = asyncio.open_connection(place.address, place.port)
    _, writer = await asyncio.wait_for(opening, TCP_SECONDS)
    await _close(writer)
    return Look(passed=True, said="Success: connected")


async def _answers(config: CheckConfig, place: Place) -> Look:
    secure = config.type in {CheckType.HTTPS, CheckType.HTTPS_STR_MATCH}
    opening = asyncio.open_connection(
        place.address,
        place.port,
        ssl=_trusting() if secure else None,
        server_hostname=config.host if secure and config.host is not None else None,
    )
    reader, writer = await asyncio.wait_for(opening, CONNECT_SECONDS)
    try:
        host = config.host if config.host is not None else place.address
        request = (
            f"GET {config.path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {USER_AGENT}\r\n"
            "Accept: */*\r\nConnection: close\r\n\r\n"
        )
        writer.write(request.encode("latin-1"))
        return await asyncio.wait_for(_read(reader, config.search), ANSWER_SECONDS)
    finally:
        await _close(writer)


async def _read(reader: asyncio.StreamReader, search: str | None) -> Look:
    line = (await reader.readline()).decode("latin-1").strip()
    parts = line.split(" ", 2)
    status = int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else 0
    if not 200 <= status < 400:
        return Look(passed=False, said=f"Failure: HTTP status {line!r}")
    if search is None:
        return Look(passed=True, said=f"Success: HTTP status {status}")
    body = b""
    while len(body) < SEARCHED_BYTES and (chunk := await reader.read(SEARCHED_BYTES)):
        body += chunk
    found = search.encode() in body
    word = "found" if found else "not found"
    return Look(passed=found, said=f"HTTP status {status}, string {word}")


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError, TimeoutError):
        await asyncio.wait_for(writer.wait_closed(), ANSWER_SECONDS)


def _trusting() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
