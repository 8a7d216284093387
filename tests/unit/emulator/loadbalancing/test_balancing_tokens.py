"""JSON Web Tokens as a load balancer verifies them, and key sets as it gets them."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from emulator.loadbalancing.jwt import TokenError, keys_in, token_in, verify
from emulator.loadbalancing.keysets import KeySetError, KeySets, Locations

NOW = 1_800_000_000.0
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CONFIG = {"Issuer": "https://issuer.example.com", "JwksEndpoint": "http://127.0.0.1:1/jwks"}
GOOD = {"iss": CONFIG["Issuer"], "exp": NOW + 60, "scope": "read write", "groups": ["a", "b"]}


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _signed(claims: dict[str, Any], **header: Any) -> str:
    head = {"alg": "RS256", "kid": "k1", **header}
    text = ".".join(_b64(json.dumps(part).encode()) for part in (head, claims))
    signature = KEY.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{text}.{_b64(signature)}"


def _jwk(key_id: str = "k1") -> dict[str, str]:
    numbers = KEY.public_key().public_numbers()
    return {
        "kty": "RSA",
        "kid": key_id,
        "use": "sig",
        "alg": "RS256",
        "n": _b64(numbers.n.to_bytes(256, "big")),
        "e": _b64(numbers.e.to_bytes(3, "big")),
    }


def _verify(token: str, claims: list[dict[str, Any]] | None = None) -> None:
    config = {**CONFIG, "AdditionalClaims": claims if claims is not None else []}
    verify(token_in(f"Bearer {token}"), keys_in({"keys": [_jwk()]}, 10), config, NOW)


def test_a_good_token_passes() -> None:
    """Signed by the issuer's key, of the issuer, not expired."""
    _verify(_signed(GOOD))
    _verify(_signed({**GOOD, "nbf": NOW - 1, "iat": NOW}))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"iss": "https://evil.example.com"}, "issuer"),
        ({"iss": None}, "issuer"),
        ({"exp": NOW}, "expired"),
        ({"exp": None}, "exp is required"),
        ({"exp": "soon"}, "exp is required"),
        ({"nbf": NOW + 1}, "nbf lies ahead"),
        ({"iat": NOW + 1}, "iat lies ahead"),
        ({"iat": "now"}, "iat lies ahead"),
    ],
)
def test_a_token_whose_claims_do_not_hold_is_refused(changed: dict[str, Any], said: str) -> None:
    """The four claims of every token are checked."""
    claims = {k: v for k, v in {**GOOD, **changed}.items() if v is not None}

    with pytest.raises(TokenError, match=said):
        _verify(_signed(claims))


@pytest.mark.parametrize(
    "header", [None, "", "Basic abc", "Bearer abc", "Bearer a.b.c", "Bearer .."]
)
def test_without_a_readable_token_there_is_none(header: str | None) -> None:
    """Anything but a bearer token of three parts is none."""
    with pytest.raises(TokenError):
        token_in(header)


@pytest.mark.parametrize("algorithm", ["none", "HS256", "RS512"])
def test_only_rs256_is_taken(algorithm: str) -> None:
    """The token does not choose how it is verified."""
    with pytest.raises(TokenError, match="only RS256"):
        _verify(_signed(GOOD, alg=algorithm))


def test_a_token_signed_with_the_public_key_as_a_secret_is_refused() -> None:
    """The classic confusion of algorithms fails by its header."""
    text = ".".join(_b64(json.dumps(p).encode()) for p in ({"alg": "HS256", "kid": "k1"}, GOOD))
    secret = json.dumps(_jwk()).encode()
    forged = f"{text}.{_b64(hmac.new(secret, text.encode(), hashlib.sha256).digest())}"

    with pytest.raises(TokenError):
        _verify(forged)


def test_a_changed_token_is_refused() -> None:
    """The signature covers the claims."""
    head, _, signature = _signed(GOOD).split(".")
    other = _b64(json.dumps({**GOOD, "sub": "admin"}).encode())

    with pytest.raises(TokenError, match="signature is wrong"):
        _verify(f"{head}.{other}.{signature}")


def test_a_key_that_the_issuer_does_not_have_is_refused() -> None:
    """The token names its key."""
    with pytest.raises(TokenError, match="no key 'k2'"):
        _verify(_signed(GOOD, kid="k2"))


@pytest.mark.parametrize(
    ("form", "name", "values", "holds"),
    [
        ("space-separated-values", "scope", ["read"], True),
        ("space-separated-values", "scope", ["read", "admin"], False),
        ("string-array", "groups", ["a", "b"], True),
        ("string-array", "groups", ["c"], False),
        ("string-array", "scope", ["read"], False),
        ("single-string", "scope", ["read write"], True),
        ("single-string", "scope", ["read"], False),
        ("single-string", "absent", ["x"], False),
    ],
)
def test_additional_claims_are_read_in_their_format(
    *, form: str, name: str, values: list[str], holds: bool
) -> None:
    """Every value asked for must be there."""
    claim = {"Format": form, "Name": name, "Values": values}
    if holds:
        _verify(_signed(GOOD), [claim])
        return
    with pytest.raises(TokenError, match=name):
        _verify(_signed(GOOD), [claim])


@dataclass
class Issuer:
    """A token issuer's JWKS endpoint on loopback, with what it will answer."""

    port: int
    body: bytes
    status: int = 200
    asked: int = 0


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    """An endpoint that answers with the key `k1`."""
    made = Issuer(port=0, body=json.dumps({"keys": [_jwk()]}).encode())

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked += 1
            self.send_response(made.status)
            self.end_headers()
            self.wfile.write(made.body)

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    made.port = server.server_address[1]
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


class Clock:
    """A clock moved by hand."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def now(self) -> float:
        """What it shows."""
        return self.seconds


def _key_sets(clock: Clock, **hosts: str) -> KeySets:
    locations = Locations(
        addresses=lambda host: (hosts[host],) if host in hosts else (),
        local_port=lambda port: port,
        front_door_port=1,
    )
    return KeySets(locations, lambda: "", clock.now)


def test_a_key_set_is_remembered_and_asked_anew_for_an_unknown_key(issuer: Issuer) -> None:
    """A rotation is noticed at once, but an unknown key cannot flood the issuer."""
    clock = Clock()
    sets, url = _key_sets(clock), f"http://127.0.0.1:{issuer.port}/jwks"

    assert set(asyncio.run(sets.keys(url, "k1"))) == {"k1"}
    clock.seconds += 30.0
    asyncio.run(sets.keys(url, "k1"))
    assert issuer.asked == 1
    issuer.body = json.dumps({"keys": [_jwk(), _jwk("k2")]}).encode()
    assert set(asyncio.run(sets.keys(url, "k2"))) == {"k1", "k2"}
    asyncio.run(sets.keys(url, "k3"))
    assert issuer.asked == 2
    clock.seconds += 61.0
    asyncio.run(sets.keys(url, "k1"))
    assert issuer.asked == 3


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b"{}"),
        (200, b"no json"),
        (200, b"{}"),
        (200, b" " * (150 * 1024 + 1)),
        (200, json.dumps({"keys": [_jwk(str(n)) for n in range(11)]}).encode()),
    ],
)
def test_a_key_set_beyond_the_limits_cannot_be_had(
    issuer: Issuer, status: int, body: bytes
) -> None:
    """Over 150 KB or ten keys, an error, or no key set at all."""
    issuer.status, issuer.body = status, body

    with pytest.raises(KeySetError):
        asyncio.run(_key_sets(Clock()).keys(f"http://127.0.0.1:{issuer.port}/jwks", "k1"))


@pytest.mark.parametrize(
    "url",
    ["https://issuer.example.org/jwks", "https://93.184.216.34/jwks", "https://out.example/j"],
)
def test_nothing_outside_this_machine_is_asked(url: str) -> None:
    """A host without a loopback address in our zones is unreachable."""
    sets = _key_sets(Clock(), **{"out.example": "93.184.216.34"})

    with pytest.raises(KeySetError, match="not on this machine"):
        asyncio.run(sets.keys(url, "k1"))


def test_cognito_is_this_clouds_own() -> None:
    """Its regional endpoint stands for the front door."""
    locations = Locations(addresses=lambda _host: (), local_port=lambda p: p, front_door_port=4566)

    place = locations.of("https://cognito-idp.eu-west-1.amazonaws.com/pool/.well-known/jwks.json")

    assert (place.address, place.port, place.path) == (
        "127.0.0.1",
        4566,
        "/pool/.well-known/jwks.json",
    )
