"""The table of least privilege: every right of every role with its proof. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cli.privileges.proofs import Proof
from cli.privileges.required import source_of
from cli.privileges.rights import Right, RoleRights

PROVEN, REQUIRED, NEITHER = "proven", "required by AWS, not exercised here", "neither"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One right: proven by a story, required with a source, or neither."""

    right: Right
    story: str | None
    source: str | None

    @property
    def verdict(self) -> str:
        """How the right is justified."""
        if self.story is not None:
            return PROVEN
        return REQUIRED if self.source is not None else NEITHER

    def to_json(self) -> dict[str, Any]:
        """The row in JSON types."""
        return {
            "action": self.right.action,
            "resource": self.right.resource,
            "verdict": self.verdict,
            "story": self.story,
            "source": self.source,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleTable:
    """The rights of one role."""

    role: str
    taken_by: str
    rows: tuple[Row, ...]

    def to_json(self) -> dict[str, Any]:
        """The role in JSON types."""
        return {
            "role": self.role,
            "taken_by": self.taken_by,
            "rights": [row.to_json() for row in self.rows],
        }


def tables(roles: Iterable[RoleRights], proofs: Mapping[Right, Proof]) -> list[RoleTable]:
    """A table a role. A story counts before a source: what is proven needs no authority."""
    return [
        RoleTable(
            role=each.role,
            taken_by=each.taken_by,
            rows=tuple(_row(right, proofs) for right in each.rights),
        )
        for each in roles
    ]


def without_proof(found: Sequence[RoleTable]) -> list[Right]:
    """The rights that are neither proven nor required."""
    return [row.right for table in found for row in table.rows if row.verdict == NEITHER]


def counted(found: Sequence[RoleTable]) -> dict[str, int]:
    """How many rights have which justification; every justification is named."""
    verdicts = [row.verdict for table in found for row in table.rows]
    return {verdict: verdicts.count(verdict) for verdict in (PROVEN, REQUIRED, NEITHER)}


def _row(right: Right, proofs: Mapping[Right, Proof]) -> Row:
    proof = proofs.get(right)
    return Row(
        right=right,
        story=proof.story if proof is not None else None,
        source=source_of(right) if proof is None else None,
    )
