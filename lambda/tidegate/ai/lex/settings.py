"""Settings of a customer-service chatbot."""

from dataclasses import dataclass
from typing import Annotated

from tidegate.ai.lex.botfile import bot_faults, bot_of
from tidegate.ai.limits import Between, Length, Matches, TextFile

STEP_MINUTES = 5
"""How often a release looks at what users met."""
_FUNCTION = Matches(pattern="[a-zA-Z0-9-_]{1,64}", words="the name of a Lambda function")


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """How a new version of the bot comes to its users.

    Of conversations that ended, those are unhelped that failed or were given to a person.
    """

    percents: Annotated[
        tuple[Annotated[int, Between(least=1, most=99)], ...],
        "Shares of sessions that meet the new version, step by step.",
        Length(least=1, most=9),
    ] = (10, 50)
    step_minutes: Annotated[
        int, "How long a step takes at the least.", Between(least=STEP_MINUTES, most=10_080)
    ] = 60
    least_conversations: Annotated[
        int,
        "Conversations with the new version that must have ended in a step.",
        Between(least=1, most=1_000_000),
    ] = 20
    margin_percent: Annotated[
        float,
        "Percentage points of unhelped conversations more that are no harm.",
        Between(least=0.1, most=50),
    ] = 10.0


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
    canary: Annotated[
        Canary | None,
        "How new versions come to users; null gives them to all users with the deploy.",
    ] = None


def faults(settings: LexSettings) -> tuple[str, ...]:
    """Intents that a function fulfills need one."""
    if settings.function is None and bot_of(settings.bot).needs_function:
        return ("function is missing: an intent of the bot is fulfilled or checked by it",)
    return ()
