"""Key sets of token issuers, fetched from their JWKS endpoints and remembered for a while.

An endpoint is looked for on this machine only: a loopback address, a host of this cloud's zones,
or this cloud's own Cognito. Any other is unreachable. Limits are those of the user guide.
"""

import asyncio
import json
import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from emulator.loadbalancing.jwt import Keys, keys_in
from emulator.loopback import is_loopback

LONGEST_BYTES = 150 * 1024
MOST_KEYS = 10
FRESH_SECONDS = 60.0
"""How long a key set is used without asking again, on the wall's clock."""
SOONEST_SECONDS = 1.0
"""An unknown key makes the set be fetched again, but not more often than this."""
TIMEOUT_SECONDS = 5.0
_COGNITO = re.compile(r"cognito-idp\.[a-z0-9-]+\.amazonaws\.com")


class KeySetError(Exception):
    """The issuer's key set cannot be had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a JWKS endpoint really is."""

    scheme: str
    address: str
    port: int
    host: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Locations:
    """What of the outside world stands where on this machine."""

    addresses: Callable[[str], tuple[str, ...]]
    local_port: Callable[[int], int]
    front_door_port: int

    def of(self, url: str) -> Endpoint:
        """The endpoint on this machine; KeySetError if it has none."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        if _COGNITO.fullmatch(host):
            return Endpoint(
                scheme="http",
                address="127.0.0.1",
                port=self.front_door_port,
                host=f"127.0.0.1:{self.front_door_port}",
                path=path,
            )
        port = parts.port if parts.port is not None else {"http": 80}.get(parts.scheme, 443)
        found = (host,) if is_loopback(host) else self.addresses(host)
        if not found or not is_loopback(found[0]):
            raise KeySetError(f"{host} is not on this machine, and nothing here leaves it")
        return Endpoint(
            scheme=parts.scheme,
            address=found[0],
            port=self.local_port(port),
            host=host,
            path=path,
        )


@dataclass(slots=True, kw_only=True)
class _Fetched:
    keys: Keys
    at_seconds: float


class KeySets:
    """The key sets of all endpoints asked so far."""

    def __init__(
        self, locations: Locations, authority: Callable[[], str], now: Callable[[], float]
    ) -> None:
        self._locations = locations
        self._authority = authority
        self._now = now
        self._fetched: dict[str, _Fetched] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def keys(self, url: str, key_id: str) -> Keys:
        """The endpoint's keys; asked anew if they are old or lack that key. KeySetError if none."""
        async with self._locks.setdefault(url, asyncio.Lock()):
            known = self._fetched.get(url)
            if known is not None:
                age = self._now() - known.at_seconds
                if age < SOONEST_SECONDS or (age < FRESH_SECONDS and key_id in known.keys):
                    return known.keys
            keys = await asyncio.to_thread(self._fetch, url)
            self._fetched[url] = _Fetched(keys=keys, at_seconds=self._now())
            return keys

    def _fetch(self, url: str) -> Keys:
        endpoint = self._locations.of(url)
        try:
            return keys_in(json.loads(self._get(endpoint)), MOST_KEYS)
        except KeySetError:
            raise
        except Exception as error:
            raise KeySetError(f"{url}: {error}") from error

    def _get(self, endpoint: Endpoint) -> bytes:
        import urllib3  # noqa: PLC0415 - botocore's; 60 ms, only once a token is to be verified

        options: dict[str, Any] = {"timeout": TIMEOUT_SECONDS, "retries": False, "maxsize": 1}
        if endpoint.scheme == "https":
            context = ssl.create_default_context(cadata=self._authority())
            pool: Any = urllib3.HTTPSConnectionPool(
                endpoint.address,
                endpoint.port,
                ssl_context=context,
                server_hostname=endpoint.host,
                assert_hostname=endpoint.host,
                **options,
            )
        else:
            pool = urllib3.HTTPConnectionPool(endpoint.address, endpoint.port, **options)
        with pool:
            headers = {"Host": endpoint.host}
            answer = pool.request("GET", endpoint.path, headers=headers, preload_content=False)
            content: bytes = answer.read(LONGEST_BYTES + 1)
            if answer.status != 200 or len(content) > LONGEST_BYTES:
                raise KeySetError(
                    f"{endpoint.host}{endpoint.path} answered {answer.status} with {len(content)} "
                    f"bytes, allowed are 200 and {LONGEST_BYTES}"
                )
            return content
