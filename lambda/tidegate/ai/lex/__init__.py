"""Lex V2: a chatbot for customers, of a readable file, with people where it does not help."""

from tidegate.ai.kind import Arrival, Kind, Operation, Place, Rights, Route
from tidegate.ai.lex import checks
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
from tidegate.ai.lex.settings import LexSettings, faults
from tidegate.ai.lex.talking import Ended, Forgotten, Reply, Said, end, helped, say
from tidegate.ai.lex.template import own, queue_arn, resources
from tidegate.ai.work import IN


def _of_queue(name: str) -> Operation:
    return Operation(service="sqs", name=name, action=f"sqs:{name}", resource=queue_arn())


def _door(_settings: LexSettings, _place: Place) -> Rights:
    queue = tuple(map(_of_queue, ("SendMessage", "ReceiveMessage", "DeleteMessage")))
    return Rights(calls=queue, reads=(HANDOVERS, CLOSED), writes=(HANDOVERS, CLOSED))


def _work(_settings: LexSettings, _place: Place) -> Rights:
    return Rights(reads=(IN,))


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
            who="session",
            helped=helped,
        ),
        Route(
            name="end",
            says="Forgets a conversation.",
            takes=Ended,
            gives=Forgotten,
            answer=end,
            who="session",
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
            says="Texts with their intents are said to the bot deployed last, and compared",
            begin=checks.begin,
            suffixes=(".jsonl",),
        ),
    ),
    door=_door,
    work=_work,
    resources=resources,
    own=own,
)
