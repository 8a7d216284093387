"""What a story of two tracks needs: an issuer of tokens, resolvers that cache, callers over TLS."""

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import dns.message
import dns.query
import dns.rdatatype
import urllib3
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from cli.frontdoor import FrontDoor, Reply
from emulator.server import EmbeddedCloud

ISSUER, AUDIENCE = "https://id.example.com", "shop"
_KEY_ID = "k1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """Signs tokens, and shows the public key at `jwks`."""

    jwks: str
    key: rsa.RSAPrivateKey

    def token(self, **changes: Any) -> str:
        """A token that is good for an hour, with other claims if they are given."""
        claims = {"iss": ISSUER, "aud": AUDIENCE, "exp": int(time.time()) + 3_600, **changes}
        head = {"alg": "RS256", "typ": "JWT", "kid": _KEY_ID}
        text = ".".join(_b64(json.dumps(part).encode()) for part in (head, claims))
        signature = self.key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{text}.{_b64(signature)}"


@contextmanager
def issuer() -> Iterator[Issuer]:
    """An issuer that answers on loopback while the block runs."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    numbers = key.public_key().public_numbers()
    shown = {
        "kty": "RSA",
        "kid": _KEY_ID,
        "use": "sig",
        "alg": "RS256",
        "n": _b64(numbers.n.to_bytes(256, "big")),
        "e": _b64(numbers.e.to_bytes(3, "big")),
    }
    body = json.dumps({"keys": [shown]}).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing on standard error."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Issuer(jwks=f"http://127.0.0.1:{server.server_port}/jwks.json", key=key)
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass(slots=True, kw_only=True)
class Resolver:
    """Asks the cloud's DNS, and keeps an answer as long as its TTL on the cloud's clock."""

    cloud: EmbeddedCloud
    host: str
    scale: float
    asked: int = 0
    _address: str = ""
    _until: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def address(self) -> str:
        """Where the host is, as far as this resolver knows."""
        with self._lock:
            if time.monotonic() >= self._until:
                self._ask()
            return self._address

    def _ask(self) -> None:
        query = dns.message.make_query(self.host, dns.rdatatype.A)
        answer = dns.query.udp(query, "127.0.0.1", port=self.cloud.dns_port, timeout=5)
        (found,) = answer.answer
        self.asked += 1
        self._address = found[0].address
        self._until = time.monotonic() + found.ttl / self.scale


@dataclass(slots=True, kw_only=True)
class TrackDoor:
    """The front door of two tracks: predictions by DNS and TLS, outcomes by the HTTP API."""

    api: FrontDoor
    resolvers: tuple[Resolver, ...]
    cloud: EmbeddedCloud
    token: str
    _pools: dict[str, urllib3.HTTPSConnectionPool] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def predict(
        self,
        model: str,
        body: bytes,
        *,
        content_type: str = "application/json",
        user: str = "",
        slot_token: str = "",
        target_model: str = "",
    ) -> Reply:
        """Ask the host, at the address that the user's resolver knows; tracks take no token."""
        assert slot_token == target_model == ""
        resolver = self.resolvers[hash(user) % len(self.resolvers)]
        response = self.ask(
            resolver.address(),
            f"/models/{model}/predictions",
            body,
            headers={
                "host": resolver.host,
                "content-type": content_type,
                "authorization": f"Bearer {self.token}",
                "x-tidegate-user": user,
            },
        )
        return Reply(
            status=response.status,
            body=response.data,
            content_type=response.headers.get("content-type", ""),
            prediction_id=response.headers.get("x-tidegate-prediction-id"),
            slot=response.headers.get("x-tidegate-slot"),
            version=response.headers.get("x-tidegate-version"),
        )

    def record_outcome(self, prediction_id: str, *, wrong: bool) -> int:
        """Say what became known of a prediction."""
        return self.api.record_outcome(prediction_id, wrong=wrong)

    def ask(
        self, address: str, path: str, body: bytes, *, headers: dict[str, str]
    ) -> urllib3.BaseHTTPResponse:
        """One request over TLS, whose certificate must be the host's."""
        pool = self._pool(address, headers["host"])
        return pool.request("POST", path, body=body, headers=headers)

    def _pool(self, address: str, host: str) -> urllib3.HTTPSConnectionPool:
        with self._lock:
            key = f"{address} {host}"
            if key not in self._pools:
                self._pools[key] = urllib3.HTTPSConnectionPool(
                    address,
                    443 + self.cloud.low_port_offset,
                    ca_certs=str(self.cloud.certificate_authority),
                    server_hostname=host,
                    assert_hostname=host,
                    maxsize=64,
                    retries=False,
                    timeout=70.0,
                )
            return self._pools[key]
