"""What a bot says: the messages of its prompts and responses, with values put in.

Of each group the first message is said; AWS draws one of the group's variations.
"""

import re
from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

_KINDS = {
    "plainTextMessage": "PlainText",
    "customPayload": "CustomPayload",
    "ssmlMessage": "SSML",
}
_CARD = "imageResponseCard"


def said(
    speech: Mapping[str, Any] | None, *, slots: Mapping[str, str], attributes: Mapping[str, str]
) -> list[Json]:
    """The messages of a PromptSpecification or ResponseSpecification, none without one.

    `{Slot}` becomes the slot's value and `[attribute]` that of the session; what has none stays.
    """
    groups = [] if speech is None else speech["messageGroups"]
    return [_message(group["message"], slots, attributes) for group in groups]


def _message(
    message: Mapping[str, Any], slots: Mapping[str, str], attributes: Mapping[str, str]
) -> Json:
    for member, kind in _KINDS.items():
        if member in message:
            return {
                "contentType": kind,
                "content": _filled(str(message[member]["value"]), slots, attributes),
            }
    return {"contentType": "ImageResponseCard", "imageResponseCard": message[_CARD]}


def _filled(text: str, slots: Mapping[str, str], attributes: Mapping[str, str]) -> str:
    text = re.sub(r"\{(\w+)\}", lambda place: slots.get(place[1], place[0]), text)
    return re.sub(r"\[(\w+)\]", lambda place: attributes.get(place[1], place[0]), text)
