"""Exports of stacks in ministack: what another stack imports can be neither changed nor taken away.

ministack refuses to delete a stack whose exports are used, but lets an update change and remove
them, keeps those that a stack no longer declares, and lets two stacks export one name. Texts: the
CloudFormation user guide, "Get exported outputs from a deployed CloudFormation stack", and what
CloudFormation answers.

Seam: `stacks._resolve_stack_outputs`, `handlers._imported_export_names`, `_exports`, `_stacks`.
"""

from collections.abc import Iterable, Mapping
from typing import Any


def attach(stacks: Any) -> None:
    """An operation whose outputs break an export in use fails with CloudFormation's reason."""
    built_in = stacks._resolve_stack_outputs

    def resolve(definitions: Any, *rest: Any) -> Any:
        outputs, exports = built_in(definitions, *rest)
        _check(exports, stack_id=str(rest[-1]))
        return outputs, exports

    stacks._resolve_stack_outputs = resolve


def _check(new: Mapping[str, Mapping[str, str]], *, stack_id: str) -> None:
    """The exports may be published, and those that are no more are gone; else ValueError."""
    from ministack.services.cloudformation import _exports  # noqa: PLC0415 - 45 modules

    for name in new:
        holder = _exports.get(name)
        if holder is not None and holder["StackId"] != stack_id:
            other = holder["StackId"].split("/")[1]
            raise ValueError(f"Export with name {name} is already exported by stack {other}")
    old = {n: dict(e) for n, e in list(_exports.items()) if e["StackId"] == stack_id}
    for name, export in old.items():
        if name in new and new[name]["Value"] == export["Value"]:
            continue
        users = _importing(name)
        if users:
            verb = "updated" if name in new else "deleted"
            raise ValueError(f"Export {name} cannot be {verb} as it is in use by {_listed(users)}")
        if name not in new:
            _exports.pop(name, None)


def _importing(name: str) -> list[str]:
    from ministack.services.cloudformation import _stacks, handlers  # noqa: PLC0415 - 45 modules

    return [
        stack_name
        for stack_name, stack in list(_stacks.items())
        if "DELETE_COMPLETE" not in stack.get("StackStatus", "")
        and name in handlers._imported_export_names(stack, stack_name)
    ]


def _listed(names: Iterable[str]) -> str:
    return " and ".join(names)
