"""Settings of a customer-service chatbot."""

from dataclasses import dataclass
from typing import Annotated

from tidegate.ai.lex.botfile import bot_faults, bot_of
from tidegate.ai.limits import Between, Matches, TextFile

_FUNCTION = Matches(pattern="[a-zA-Z0-9-_]{1,64}", words="the name of a Lambda function")


@dataclass(frozen=True, slots=True, kw_only=True)
class LexSettings:
    """A chatbot that understands what its file says, and gives the rest to people."""

    bot: Annotated[str, "The bot's file: locales, intents, slots (TOML).", TextFile(bot_faults)]
    function: Annotated[
        str | None,
        "Lambda function of the same account that fulfills intents; it gets Lex's event.",
        _FUNCTION,
    ] = None
    misunderstandings: Annotated[
        int,
        "Texts in a row that nobody understands before a person takes over.",
        Between(least=1, most=10),
    ] = 2
    session_minutes: Annotated[
        int, "Silence after which a conversation is forgotten.", Between(least=1, most=1_440)
    ] = 5


def faults(settings: LexSettings) -> tuple[str, ...]:
    """Intents that a function fulfills need one."""
    if settings.function is None and bot_of(settings.bot).needs_function:
        return ("function is missing: an intent of the bot is fulfilled or checked by it",)
    return ()
