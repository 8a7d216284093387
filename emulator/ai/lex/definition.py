"""What a built locale of a bot is, as the runtime reads it: intents, slots and types of slots.

Members that say how to talk (prompts, responses) stay in the shape of the API's model.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

FALLBACK = "AMAZON.FallbackIntent"
"""The signature of the intent that is taken when nothing else fits."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SlotType:
    """The values that a slot takes.

    `name` is that of a built-in type (`AMAZON.Number`) or of one of the bot's own. `values` leads
    from each value and synonym, in lower case, to the value that it stands for.
    """

    name: str
    values: Mapping[str, str] = field(default_factory=dict)
    parent: str | None = None
    pattern: str | None = None
    only_known: bool = False
    """Whether a value that is not in the list is no value (`TopResolution`)."""

    @property
    def built_in(self) -> str | None:
        """The built-in type that recognizes its values, None for a list of the bot's own."""
        return self.name if self.name.startswith("AMAZON.") else self.parent


@dataclass(frozen=True, kw_only=True, slots=True)
class Slot:
    """A fact that an intent asks for."""

    name: str
    type: SlotType
    required: bool
    prompt: Json | None = None
    """A PromptSpecification."""
    utterances: Sequence[str] = ()
    defaults: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Intent:
    """What a user may want; `slots` are in the order in which they are asked for."""

    name: str
    signature: str | None = None
    utterances: Sequence[str] = ()
    slots: Sequence[Slot] = ()
    dialog_hook: bool = False
    fulfillment_hook: bool = False
    initial: Json | None = None
    confirmation: Json | None = None
    """An active IntentConfirmationSetting."""
    closing: Json | None = None
    """A ResponseSpecification."""
    succeeded: Json | None = None
    failed: Json | None = None
    """ResponseSpecifications after the fulfillment function."""
    needs_contexts: Sequence[str] = ()
    gives_contexts: Sequence[Json] = ()

    def slot(self, name: str) -> Slot | None:
        """The slot of that name."""
        return next((slot for slot in self.slots if slot.name == name), None)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Definition:
    """A built locale; `threshold` is the least confidence with which an intent is taken.

    Each build is another one, even of the same parts.
    """

    locale: str
    threshold: float
    intents: Sequence[Intent]

    @property
    def language(self) -> str:
        """The language's two letters."""
        return self.locale.partition("_")[0]

    @property
    def fallback(self) -> Intent | None:
        """The intent that is taken when nothing else fits."""
        return next((i for i in self.intents if i.signature == FALLBACK), None)

    def intent(self, name: str) -> Intent | None:
        """The intent of that name."""
        return next((intent for intent in self.intents if intent.name == name), None)
