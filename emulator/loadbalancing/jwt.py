"""Verification of JSON Web Tokens as an application load balancer does it.

RS256 only; `iss` and `exp` are required, `nbf` and `iat` are checked when present, additional
claims as configured ("Verify JWTs", user guide). Times are the wall's, on which tokens are made.
How several values of one additional claim combine is not documented: here all must be present.
"""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

Keys = Mapping[str, rsa.RSAPublicKey]

ALGORITHM = "RS256"
BEARER = "bearer "
PARTS = 3


class TokenError(Exception):
    """The token is missing or not valid; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token taken apart, not verified yet."""

    key_id: str
    signed: bytes
    signature: bytes
    claims: Mapping[str, Any]


def token_in(authorization: str | None) -> Token:
    """The token of an Authorization header; TokenError if there is no readable one."""
    if authorization is None or not authorization.lower().startswith(BEARER):
        raise TokenError("no bearer token in the Authorization header")
    parts = authorization[len(BEARER) :].strip().split(".")
    if len(parts) != PARTS:
        raise TokenError("not a signed token of three parts")
    try:
        header, claims = (json.loads(_decoded(part)) for part in parts[:2])
        signature = _decoded(parts[2])
    except (ValueError, binascii.Error) as error:
        raise TokenError("the token cannot be decoded") from error
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise TokenError("header and claims must be objects")
    if header.get("alg") != ALGORITHM:
        raise TokenError(f"only {ALGORITHM} is supported, got {header.get('alg')!r}")
    return Token(
        key_id=str(header.get("kid", "")),
        signed=".".join(parts[:2]).encode(),
        signature=signature,
        claims=claims,
    )


def verify(token: Token, keys: Keys, config: Mapping[str, Any], now_seconds: float) -> None:
    """The token is signed by one of the issuer's keys and its claims hold; TokenError if not."""
    key = keys.get(token.key_id)
    if key is None:
        raise TokenError(f"no key {token.key_id!r} in the issuer's key set")
    try:
        key.verify(token.signature, token.signed, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature as error:
        raise TokenError("the signature is wrong") from error
    if token.claims.get("iss") != config["Issuer"]:
        raise TokenError("the issuer is another one")
    _check_times(token.claims, now_seconds)
    for claim in config.get("AdditionalClaims", []):
        _check_claim(token.claims, claim)


def keys_in(document: Any, most: int) -> Keys:
    """The RSA keys of a JWKS document by id; ValueError if it is none or has too many."""
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise ValueError("a JWKS document has a list of keys, got none")  # noqa: TRY004 - bad input
    if len(listed) > most:
        raise ValueError(f"a JWKS document may have {most} keys, got {len(listed)}")
    return {
        str(key.get("kid", "")): rsa.RSAPublicNumbers(
            _number(key["e"]), _number(key["n"])
        ).public_key()
        for key in listed
        if key.get("kty") == "RSA" and key.get("use", "sig") == "sig"
    }


def _check_times(claims: Mapping[str, Any], now_seconds: float) -> None:
    expires = claims.get("exp")
    if not isinstance(expires, int | float):
        raise TokenError("the claim exp is required")
    if expires <= now_seconds:
        raise TokenError("the token has expired")
    for name in ("nbf", "iat"):
        moment = claims.get(name)
        if moment is not None and not (isinstance(moment, int | float) and moment <= now_seconds):
            raise TokenError(f"the claim {name} lies ahead")


def _check_claim(claims: Mapping[str, Any], claim: Mapping[str, Any]) -> None:
    name, wanted = claim["Name"], set(claim["Values"])
    if not wanted <= set(_values(claims.get(name), claim["Format"])):
        raise TokenError(f"the claim {name} lacks a required value")


def _values(value: Any, form: str) -> Sequence[str]:
    if form == "string-array":
        return [str(one) for one in value] if isinstance(value, list) else []
    if not isinstance(value, str):
        return []
    return value.split(" ") if form == "space-separated-values" else [value]


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _number(text: str) -> int:
    return int.from_bytes(_decoded(text), "big")
