"""The hyperparameters of a job: checked by the algorithm's table, with all faults at once.

`hyperparameters.json` has what the developer guide says of every algorithm's hyperparameters and
metrics; containers refuse what is not in it before they train.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

TABLE_FILE = Path(__file__).with_name("hyperparameters.json")

Values = Mapping[str, Any]
"""Numbers, texts and lists by name; None where nothing is given and there is no default."""


class CustomerError(Exception):
    """What the customer gave cannot be trained with; jobs fail with ClientError."""


@cache
def tables() -> Mapping[str, Mapping[str, Any]]:
    """Of each algorithm: `hyperparameters`, `metrics` and `channels`."""
    found: dict[str, dict[str, Any]] = json.loads(TABLE_FILE.read_text(encoding="utf-8"))
    return found


def values_of(name: str, given: Mapping[str, str]) -> Values:
    """Every hyperparameter of the algorithm as it is used; CustomerError with every fault."""
    table = tables()[name]["hyperparameters"]
    faults = [*_faults(table, given)]
    if faults:
        raise CustomerError(
            "Unable to initialize the algorithm. Failed to validate hyperparameters. "
            f"(caused by ValidationError) Caused by: {'; '.join(faults)}"
        )
    return {each: _value(known, given.get(each)) for each, known in table.items()}


def _faults(table: Mapping[str, Any], given: Mapping[str, str]) -> Iterator[str]:
    for name in sorted(set(given) - set(table)):
        yield f"Additional properties are not allowed ({name!r} was unexpected)"
    for name, known in table.items():
        if name not in given:
            if known.get("required", False):
                yield f"{name!r} is a required property"
        elif not _is_taken(known, given[name]):
            allowed = known.get("range", " or ".join(known.get("values", [])))
            yield f"{given[name]!r} is not valid for {name} (allowed: {allowed})"


def _is_taken(known: Mapping[str, Any], text: str) -> bool:
    kind, values = known["type"], known.get("values", [])
    if kind == "text" or text in known.get("words", []) or text in values:
        return True
    if kind == "list":
        return set(map(str, _listed(text))) <= set(values)
    if kind == "choice":
        return False
    number = _number(kind, text)
    return number is not None and _inside(known["range"], number)


def _inside(interval: str, number: float) -> bool:
    low, _, high = interval[1:-1].partition(",")
    if low.strip() and (number < float(low) or (number == float(low) and interval[0] == "(")):
        return False
    beyond = high.strip() and (
        number > float(high) or (number == float(high) and interval[-1] == ")")
    )
    return not beyond


def _value(known: Mapping[str, Any], text: str | None) -> Any:
    given = known.get("default") if text is None else text
    if given is None or known["type"] in {"choice", "text"} or given in known.get("words", []):
        return given
    return _listed(given) if known["type"] == "list" else _number(known["type"], given)


def _number(kind: str, text: str) -> float | int | None:
    try:
        return int(text) if kind == "int" else float(text)
    except ValueError:
        return None


def _listed(text: str) -> list[Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = [each.strip() for each in text.split(",")]
    return found if isinstance(found, list) else [found]
