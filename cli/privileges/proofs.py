"""The kept proofs: which story failed when a role lacked a right.

The files beside this module are written by the stories themselves (`make proofs`), and every
`make accept` proves them again and fails where a file says anything else.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cli.privileges.rights import Right

FOLDER = Path(__file__).with_name("proofs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A story that passes with a role intact, and fails once the role lacks the right."""

    right: Right
    story: str


def to_text(proofs: list[Proof]) -> str:
    """What a file of proofs holds: a line a proof, in one order."""
    rows = sorted((p.right.role, p.right.action, p.right.resource, p.story) for p in proofs)
    keys = ("role", "action", "resource", "story")
    lines = [json.dumps(dict(zip(keys, row, strict=True))) for row in rows]
    return "[\n" + ",\n".join(f"  {line}" for line in lines) + "\n]\n" if lines else "[]\n"


def from_text(text: str) -> list[Proof]:
    """The proofs of a file."""
    return [
        Proof(
            right=Right(role=row["role"], action=row["action"], resource=row["resource"]),
            story=row["story"],
        )
        for row in json.loads(text)
    ]


def kept(folder: Path = FOLDER) -> Mapping[Right, Proof]:
    """Every kept proof by its right."""
    found = (
        p for path in sorted(folder.glob("*.json")) for p in from_text(path.read_text("utf-8"))
    )
    return {proof.right: proof for proof in found}
