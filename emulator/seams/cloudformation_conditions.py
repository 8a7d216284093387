"""Conditions of a template, with every function that CloudFormation allows in them.

ministack's own evaluator knows `Ref` to a parameter and `Fn::Select` only: a `Fn::Join`, a mapping
or `AWS::Region` in a condition made it true or false by accident (the CDK's bootstrap template gave
its execution role an empty policy ARN).

Seam: `_evaluate_conditions`, bound by name in `engine`, `stacks`, `handlers` and `changesets`;
values go through `engine._resolve_refs`.
"""

from collections.abc import Callable, Mapping
from typing import Any


def attach() -> None:
    """Conditions are evaluated as on AWS, wherever the engine does."""
    from ministack.services.cloudformation import (  # noqa: PLC0415 - 45 modules
        changesets,
        engine,
        handlers,
        stacks,
    )

    for module in (changesets, engine, handlers, stacks):
        module._evaluate_conditions = evaluate


def evaluate(template: Mapping[str, Any], parameters: Mapping[str, Any]) -> dict[str, bool]:
    """Return each condition of the template by name.

    Raises:
        ValueError: a condition refers to itself or to one that does not exist.
    """
    from ministack.services.cloudformation import engine  # noqa: PLC0415 - 45 modules

    mappings = template.get("Mappings", {})

    def resolve(value: Any) -> Any:
        return engine._resolve_refs(value, {}, parameters, {}, mappings, "", "")

    definitions = template.get("Conditions", {})
    conditions = _Conditions(definitions, resolve)
    return {name: conditions.named(name) for name in definitions}


class _Conditions:
    """The conditions of one template, each evaluated once."""

    def __init__(self, definitions: Mapping[str, Any], resolve: Callable[[Any], Any]) -> None:
        self._definitions = definitions
        self._resolve = resolve
        self._known: dict[str, bool | None] = {}

    def named(self, name: str) -> bool:
        """Return the value of a condition by its name."""
        if name not in self._definitions:
            raise ValueError(
                f"Template format error: Unresolved condition dependency {name} in the Conditions "
                "block of the template"
            )
        if name not in self._known:
            self._known[name] = None
            self._known[name] = self._holds(self._definitions[name])
        value = self._known[name]
        if value is None:
            raise ValueError(f"Template format error: Circular condition dependency in {name}")
        return value

    def _holds(self, expression: Any) -> bool:
        if isinstance(expression, Mapping) and len(expression) == 1:
            ((function, argument),) = expression.items()
            match function:
                case "Condition":
                    return self.named(argument)
                case "Fn::Not":
                    return not self._holds(argument[0])
                case "Fn::And":
                    return all(self._holds(member) for member in argument)
                case "Fn::Or":
                    return any(self._holds(member) for member in argument)
                case "Fn::Equals":
                    left, right = (_comparable(self._resolve(side)) for side in argument)
                    return bool(left == right)
        return bool(_comparable(self._resolve(expression)) == "true")


def _comparable(value: Any) -> Any:
    """Parameters are strings: a template's `true` and `1` equal their text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value
