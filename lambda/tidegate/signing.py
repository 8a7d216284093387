"""Signed texts: a list of plain values that nobody without a key can make or change.

The text is `payload.signature`, both base64url without padding: the payload is a compact JSON
array of a format, a key's id and the fields, the signature the first 16 bytes of HMAC-SHA256 over
it under that key, so that keys can be rotated. The format says what the text is for: one is never
taken for another. Each text has one spelling only, so that what is done once a text is done once.
"""

import binascii
import hmac
import json
from collections.abc import Mapping

from tidegate.errors import ForgedTextError
from tidegate.untyped import Any
from tidegate.values import value

_SIGNATURE_BYTES = 16
_LONGEST = 512
_URL, _PLAIN = b"-_", b"+/"
_ENCODED, _DECODED = bytes.maketrans(_PLAIN, _URL), bytes.maketrans(_URL, _PLAIN)


@value
class SigningKeys:
    """The secret keys by their id; `current` signs, all of them verify."""

    current: str
    keys: Mapping[str, bytes]


def seal(format_: int | str, fields: list[Any], keys: SigningKeys) -> str:
    """The signed text of these fields."""
    payload = json.dumps([format_, keys.current, *fields], separators=(",", ":")).encode()
    return f"{_encode(payload)}.{_encode(_signature(payload, keys.keys[keys.current]))}"


def unseal(text: str, format_: int | str, keys: SigningKeys, *, count: int) -> list[Any]:
    """The fields of a signed text; ForgedTextError if malformed, altered or of no known key."""
    if len(text) > _LONGEST or text.count(".") != 1:
        raise ForgedTextError("is malformed: expected payload.signature")
    encoded, _, signature = text.partition(".")
    try:
        payload, given = _decode(encoded), _decode(signature)
        found = json.loads(payload)
    except ValueError as error:
        raise ForgedTextError("is malformed: not base64url JSON") from error
    if not isinstance(found, list) or len(found) != count + 2 or found[0] != format_:
        raise ForgedTextError(f"is malformed: not format {format_}")
    key = keys.keys.get(str(found[1]))
    if key is None or not hmac.compare_digest(given, _signature(payload, key)):
        raise ForgedTextError("has a signature that does not match")
    return found[2:]


def _signature(payload: bytes, key: bytes) -> bytes:
    return hmac.digest(key, payload, "sha256")[:_SIGNATURE_BYTES]


def _encode(data: bytes) -> str:
    plain = binascii.b2a_base64(data, newline=False).rstrip(b"=")
    return plain.translate(_ENCODED).decode()


def _decode(text: str) -> bytes:
    """The bytes of a text as `_encode` spells them; ValueError for any other text."""
    padded = (text + "=" * (-len(text) % 4)).encode().translate(_DECODED)
    data = binascii.a2b_base64(padded)
    if _encode(data) != text:
        raise ValueError("not as this would be encoded")
    return data
