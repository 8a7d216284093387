"""Writes the letters of this example: made up, always the same ones.

`python -m examples.labelling.letters` writes `samples/items.manifest` (100 letters to label),
`samples/truth.manifest` (the same with what they are about, for the story's annotators),
`samples/held-out.manifest` (others, to measure with) and `files/gold.manifest`.
"""

import json
import random
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).parent
TOPICS = ("delivery", "refund", "account", "product")
ITEMS, GOLD, HELD_OUT = 100, 60, 80
_SEED = 7

_OPENINGS = (
    "Hello,",
    "Good morning,",
    "Dear team,",
    "Hi there,",
    "To whom it may concern,",
    "I am writing again because",
    "Quick question:",
    "Sorry to bother you, but",
)
_CLOSINGS = (
    "Please answer soon.",
    "Thank you for your help.",
    "I have waited long enough.",
    "What can I do now?",
    "My order number is {number}.",
    "Could somebody call me back?",
    "Best regards, {name}.",
    "This is the second time I ask.",
)
_NAMES = ("Ana", "Ben", "Chi", "Dora", "Emil", "Fay", "Gus", "Hana", "Ivo", "June")
_THINGS = ("kettle", "lamp", "jacket", "keyboard", "tent", "blender", "backpack", "radio")
_SAYINGS: dict[str, tuple[str, ...]] = {
    "delivery": (
        "my {thing} has not arrived and the courier says it was left with a neighbour",
        "the parcel with the {thing} is late, tracking has not moved for {days} days",
        "can the shipment be sent to another address before it leaves the depot",
        "the driver did not ring and took the {thing} back to the warehouse",
        "when will the {thing} be shipped, the estimate was {days} days ago",
        "the box came open and wet, the postman just dropped it at the gate",
        "tracking says delivered but there is no parcel at my door",
    ),
    "refund": (
        "I sent the {thing} back {days} days ago and still wait for my money",
        "you charged my card twice for one {thing}, please pay one back",
        "the voucher was not taken off the bill, I want the difference back",
        "how do I return the {thing} and get reimbursed",
        "the credit for the {thing} is {days} euros short of what I paid",
        "I cancelled within the hour and the payment was still taken",
        "the invoice shows a fee that nobody told me about, please reverse it",
    ),
    "account": (
        "I cannot sign in, the password reset mail never comes",
        "please change the e-mail of my profile, the old one is gone",
        "my login is locked after {days} attempts",
        "how can I delete my profile and all data you keep of me",
        "the app asks for a code from a telephone that I no longer have",
        "somebody else's name is shown when I log in",
        "I want to merge two profiles that use the same name",
    ),
    "product": (
        "does the {thing} work with two hundred volts as well",
        "the {thing} stopped working after {days} days, the switch is broken",
        "which size of the {thing} fits a tall person",
        "the manual of the {thing} is missing a page about cleaning",
        "is there a spare part for the lid of the {thing}",
        "the {thing} makes a loud noise and smells burnt",
        "what is the {thing} made of, I have an allergy",
    ),
}


def letter(topic: str, chance: random.Random) -> str:
    """A letter about a topic."""
    words = {
        "thing": chance.choice(_THINGS),
        "days": str(chance.randint(2, 19)),
        "number": str(chance.randint(10_000, 99_999)),
        "name": chance.choice(_NAMES),
    }
    parts = (chance.choice(_OPENINGS), chance.choice(_SAYINGS[topic]), chance.choice(_CLOSINGS))
    opening, saying, closing = (part.format(**words) for part in parts)
    return f"{opening} {saying}. {closing}"


def letters(many: int, chance: random.Random, known: set[str]) -> list[tuple[str, str]]:
    """Letters with their topics, none of them known; topics differ in how often they come."""
    made: list[tuple[str, str]] = []
    while len(made) < many:
        (topic,) = chance.choices(TOPICS, weights=(4, 3, 2, 3))
        text = letter(topic, chance)
        if text not in known:
            known.add(text)
            made.append((text, topic))
    return made


def write(file: Path, rows: Sequence[tuple[str, str]], *, label: str | None) -> None:
    """A manifest of the letters, with their topics under that name if it is given."""
    lines = [
        json.dumps({"source": text} if label is None else {"source": text, label: topic})
        for text, topic in rows
    ]
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def main() -> None:
    """All four files are there."""
    chance, known = random.Random(_SEED), set[str]()  # noqa: S311 - samples, no secrets
    items = letters(ITEMS, chance, known)
    for folder in ("samples", "files"):
        (HERE / folder).mkdir(exist_ok=True)
    write(HERE / "samples" / "items.manifest", items, label=None)
    write(HERE / "samples" / "truth.manifest", items, label="topic")
    write(HERE / "files" / "gold.manifest", letters(GOLD, chance, known), label="topic")
    held = letters(HELD_OUT, chance, known)
    write(HERE / "samples" / "held-out.manifest", held, label="topic")


if __name__ == "__main__":
    main()
