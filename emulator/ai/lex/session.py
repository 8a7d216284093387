"""A conversation between its turns: what is known, and what was asked last."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """An active context; `until` is a moment of the cloud's clock in seconds."""

    name: str
    until: float
    turns: int
    attributes: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_json(cls, given: Mapping[str, Any], now: float) -> "Context":
        """An ActiveContext of the runtime API, which says how much longer it lives."""
        life = given["timeToLive"]
        return cls(
            name=given["name"],
            until=now + life["timeToLiveInSeconds"],
            turns=life["turnsToLive"],
            attributes=given.get("contextAttributes", {}),
        )

    def to_json(self, now: float) -> Json:
        """An ActiveContext of the runtime API."""
        return {
            "name": self.name,
            "timeToLive": {
                "timeToLiveInSeconds": max(1, round(self.until - now)),
                "turnsToLive": self.turns,
            },
            "contextAttributes": dict(self.attributes),
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """One conversation.

    `intent` and `action` have the shapes of the runtime API's Intent and DialogAction; `attempts`
    is how often the last question was asked again.
    """

    attributes: Mapping[str, str] = field(default_factory=dict)
    intent: Json | None = None
    action: Json | None = None
    contexts: tuple[Context, ...] = ()
    attempts: int = 0

    @property
    def asks_for(self) -> str | None:
        """The slot that was asked for last."""
        if self.action is None or self.action["type"] != "ElicitSlot":
            return None
        name: str | None = self.action.get("slotToElicit")
        return name

    @property
    def asks_to_confirm(self) -> bool:
        """Whether the user was asked last to confirm the intent."""
        return self.action is not None and self.action["type"] == "ConfirmIntent"

    def another_turn(self, now: float) -> "Session":
        """The session as the user speaks again: contexts grow old."""
        left = (replace(context, turns=context.turns - 1) for context in self.contexts)
        return replace(self, contexts=tuple(c for c in left if c.turns >= 0 and c.until > now))

    def changed_by(self, state: Mapping[str, Any], now: float) -> "Session":
        """The session with what a SessionState of the runtime API gives."""
        changes: dict[str, Any] = {}
        if state.get("sessionAttributes") is not None:
            changes["attributes"] = dict(state["sessionAttributes"])
        if state.get("activeContexts") is not None:
            changes["contexts"] = tuple(
                Context.of_json(given, now) for given in state["activeContexts"]
            )
        if state.get("intent") is not None:
            changes["intent"] = whole(state["intent"])
        if state.get("dialogAction") is not None:
            changes["action"] = dict(state["dialogAction"])
        return replace(self, **changes)

    def to_json(self, now: float) -> Json:
        """A SessionState of the runtime API."""
        state: Json = {
            "sessionAttributes": dict(self.attributes),
            "activeContexts": [context.to_json(now) for context in self.contexts],
        }
        if self.action is not None:
            state["dialogAction"] = self.action
        if self.intent is not None:
            state["intent"] = self.intent
        return state


def whole(intent: Mapping[str, Any]) -> Json:
    """An Intent of the runtime API with all its members; a slot without a value is None."""
    return {
        "name": intent["name"],
        "slots": dict(intent.get("slots") or {}),
        "state": intent.get("state", "InProgress"),
        "confirmationState": intent.get("confirmationState", "None"),
    }


def values_of(intent: Json | None) -> dict[str, str]:
    """The interpreted value of each slot that has one."""
    slots = {} if intent is None else intent["slots"]
    return {
        name: slot["value"]["interpretedValue"]
        for name, slot in slots.items()
        if slot is not None and slot.get("value") is not None
    }
