"""Lex V2: a chatbot for customers, of a readable file, with people where it does not help."""

from tidegate.ai.kind import Arrival, Kind, Operation, Place, Rights, Route, Timer
from tidegate.ai.lex import checks, releasing
from tidegate.ai.lex.people import (
    CLOSED,
    HANDOVERS,
    Close,
    Closed,
    Handover,
    NextHandover,
    close,
    next_handover,
)
from tidegate.ai.lex.settings import STEP_MINUTES, LexSettings, faults
from tidegate.ai.lex.split import SPLIT
from tidegate.ai.lex.talking import Ended, Forgotten, Reply, Said, end, say
from tidegate.ai.lex.template import aliases_arn, bot_arn, queue_arn, resources
from tidegate.ai.work import IN

_RELEASE = SPLIT.partition("/")[0] + "/"


def _runtime(name: str, *, units: int = 0) -> Operation:
    """Lex bills texts; sessions are free."""
    return Operation(
        service="lexv2-runtime",
        name=name,
        action=f"lex:{name}",
        resource=aliases_arn(),
        unit="texts",
        units=lambda _given: units,
    )


def _models(name: str, resource: str) -> Operation:
    return Operation(
        service="lexv2-models",
        name=name,
        action=f"lex:{name}",
        resource=resource,
        units=lambda _given: 0,
    )


def _of_queue(name: str) -> Operation:
    return Operation(service="sqs", name=name, action=f"sqs:{name}", resource=queue_arn())


RECOGNIZE, FORGET = _runtime("RecognizeText", units=1), _runtime("DeleteSession")
COUNTS = Operation(service="cloudwatch", name="GetMetricData", action="cloudwatch:GetMetricData")


def _door(_settings: LexSettings, _place: Place) -> Rights:
    queue = tuple(map(_of_queue, ("SendMessage", "ReceiveMessage", "DeleteMessage")))
    return Rights(
        calls=(RECOGNIZE, FORGET, _runtime("PutSession"), *queue),
        reads=(_RELEASE, HANDOVERS, CLOSED),
        writes=(HANDOVERS, CLOSED),
    )


def _work(settings: LexSettings, _place: Place) -> Rights:
    if settings.canary is None:
        return Rights(calls=(RECOGNIZE, FORGET), reads=(IN,))
    of_alias = ("DescribeBotAlias", "CreateBotAlias", "UpdateBotAlias")
    models = tuple(_models(name, aliases_arn()) for name in of_alias)
    aliases = _models("ListBotAliases", bot_arn())
    return Rights(
        calls=(RECOGNIZE, FORGET, *models, aliases, COUNTS),
        reads=(IN, _RELEASE),
        writes=(_RELEASE,),
    )


def _timers(settings: LexSettings) -> tuple[Timer, ...]:
    if settings.canary is None:
        return ()
    return (
        Timer(
            name="release",
            says="Looks at the version on trial, and moves the live alias",
            schedule=f"rate({STEP_MINUTES} minutes)",
            begin=releasing.begin,
        ),
    )


KIND = Kind(
    name="lex",
    title="Amazon Lex",
    job="A customer-service chatbot of a readable file; a person takes over where it does not help",
    settings=LexSettings,
    faults=faults,
    routes=(
        Route(
            name="say",
            says="Says a text to the bot, and gives its answer.",
            takes=Said,
            gives=Reply,
            answer=say,
        ),
        Route(
            name="end",
            says="Forgets a conversation.",
            takes=Ended,
            gives=Forgotten,
            answer=end,
        ),
        Route(
            name="next-handover",
            says="Gives a conversation that waits for a person, for 15 minutes.",
            takes=NextHandover,
            gives=Handover,
            answer=next_handover,
        ),
        Route(
            name="close-handover",
            says="Takes a conversation out in which a person has helped.",
            takes=Close,
            gives=Closed,
            answer=close,
        ),
    ),
    arrivals=(
        Arrival(
            prefix="checks",
            says="Texts with their intents are said to the newest version, and compared",
            begin=checks.begin,
            suffixes=(".jsonl",),
        ),
    ),
    door=_door,
    work=_work,
    resources=resources,
    timers=_timers,
)
