"""Writes the reference of the project file's keys from its shape.

Run `python -m stacks.project.reference` after a change of `shape.py`; a test checks that it was.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stacks.project.algorithms import algorithm, algorithm_images, algorithm_names
from stacks.project.shape import ProjectFile
from stacks.project.tables import images
from tidegate.fleet import ASYNCHRONOUS_RULES, FLEET_RULES, SERVERLESS_RULES, Hosting
from tidegate.strategies import IMPLEMENTED, LEGAL

REFERENCE_FILE = Path(__file__).parents[2] / "docs" / "reference" / "project-file.md"

_HEAD = """\
# The project file

`tidegate.yaml` says what a project is: its stages, its models, how each is hosted and released.
Synth checks all of it at once and names every fault as `file:line: what, value, what is allowed`.
This page is generated from the checks (`python -m stacks.project.reference`). For completion in an
editor, begin the file with
`# yaml-language-server: $schema=docs/reference/tidegate.schema.json`.

Relative paths start at the project file's folder. A duration is a whole number and a unit: `90s`,
`10m`, `24h`, `7d`. A key that is left out has the default shown; 0 is a value, never a default.
"""

_ARTIFACTS = """\
## Artifacts

A directory or a `.tar.gz` is packed reproducibly; its version is a digest of names, modes
(executable or not) and bytes, whatever packed it. A framework's container runs `code/inference.py`
of the artifact, so it must be there. An artifact in S3 needs its object's version, which is part of
the model's version; SageMaker itself reads the newest object of a key, so a key must never be
written twice.
"""

_OUTCOMES = """\
## Kinds of outcomes

What is reported of predictions (`POST /outcomes`, `tidegate outcome`), and what the judge makes of
it. Anything else than what a kind takes is refused with HTTP 422. Events need no report where none
came, and harm is seen as they come; that there is no harm is only known when the outcome window has
passed, so the bakes and `hold` must together be at least as long as `outcome_window`.

| kind | reported | harm | `margin` is a share of |
| --- | --- | --- | --- |
| `labels` | every outcome: `--right` or `--wrong` | more wrong ones | outcomes known |
| `conversions` | good events only: `--right` | fewer of them | requests answered, in the window |
| `complaints` | bad events only: `--wrong` | more of them | requests answered, in the window |
"""


def reference_text() -> str:
    """The reference page, as it stands in the docs."""
    schema = ProjectFile.model_json_schema()
    parts = [
        _HEAD,
        *_sections(schema),
        _OUTCOMES,
        _ARTIFACTS,
        _frameworks(),
        _algorithms(),
        _combinations(),
    ]
    return "\n".join(parts)


def _sections(schema: dict[str, Any]) -> Iterator[str]:
    yield _section("Top level", schema)
    for name, part in schema["$defs"].items():
        if "properties" in part:
            yield _section(name.removesuffix("File"), part)


def _section(title: str, part: dict[str, Any]) -> str:
    required = set(part.get("required", ()))
    rows = [
        f"| `{name}` | {_kind(key)} | {_default(key, needed=name in required)} | "
        f"{' '.join(key.get('description', '').split())} |"
        for name, key in part["properties"].items()
    ]
    intro = str(part.get("description", "")).splitlines()[0]
    head = ["| key | value | default | meaning |", "| --- | --- | --- | --- |"]
    return "\n".join([f"## {title}", "", intro, "", *head, *rows, ""])


def _kind(key: dict[str, Any]) -> str:
    for choice in key.get("anyOf", ()):
        if choice.get("type") != "null":
            return _kind(choice)
    if "$ref" in key:
        return _linked(str(key["$ref"]))
    if key.get("type") == "array":
        return f"list of {_kind(key['items'])}"
    if key.get("type") == "object":
        named = {**key.get("patternProperties", {}), "": key.get("additionalProperties")}
        if named[""] is True:
            return "what the kind says"
        return f"name to {next(_kind(inner) for inner in named.values() if inner)}"
    words = {"string": "text", "integer": "whole number", "boolean": "true or false"}
    return words.get(str(key.get("type")), "number")


def _linked(reference: str) -> str:
    name = reference.rsplit("/", maxsplit=1)[-1].removesuffix("File")
    return f"[{name}](#{name.lower()})" if name not in _ENUMS else _ENUMS[name]


_ENUMS = {
    "DataOnDestroy": "`keep` or `delete`",
    "DoorKind": "`api` or `dns`",
    "Authentication": "`iam` or `jwt`",
    "Strategy": "a strategy",
    "Mechanism": "a mechanism",
    "OutcomeKind": "`labels`, `conversions` or `complaints`",
    "Split": "`endpoint` or `router`",
    "Mode": "`integration`, `delivery` or `deployment`",
    "Execution": "`superseded` or `queued`",
    "Compute": "`small`, `medium` or `large`",
    "TrafficKind": "`synthetic` or `replayed`",
    "Better": "`larger` or `smaller`",
    "Policy": "`fixed` or `thompson`",
    "RecordFormat": "`csv` or `jsonl`",
    "ColumnType": "`number`, `integer`, `text` or `boolean`",
    "Start": "`on-demand`, `schedule` or `arrival`",
    "JoinKind": "`input` or `none`",
    "MonitoringType": "a kind of Model Monitor",
    "Problem": "a kind of prediction",
    "Winner": "`promote` or `ask`",
    "TuningStrategy": "`Bayesian`, `Random`, `Hyperband` or `Grid`",
    "Goal": "`Maximize` or `Minimize`",
    "Scale": "`Auto`, `Linear`, `Logarithmic` or `ReverseLogarithmic`",
}


def _default(key: dict[str, Any], *, needed: bool) -> str:
    default = key.get("default")
    if needed:
        return "required"
    if default is None:
        return "none"
    return "see there" if isinstance(default, dict) else f"`{default}`"


def _frameworks() -> str:
    rows = [
        f"| `{name}` | {', '.join(f'`{version}`' for version in versions)} |"
        for name, versions in images().items()
    ]
    head = ["## Frameworks", "", "| framework | framework_version |", "| --- | --- |"]
    return "\n".join([*head, *rows, ""])


def _algorithms() -> str:
    rows = [
        f"| `{name}` | {', '.join(f'`{version}`' for version in algorithm_images()[name])} | "
        f"[{algorithm(name).title}]({algorithm(name).source}) |"
        for name in algorithm_names()
    ]
    head = ["## Algorithms", "", "| algorithm | algorithm_version | hyperparameters |"]
    return "\n".join([*head, "| --- | --- | --- |", *rows, ""])


def _combinations() -> str:
    rows = [
        f"| `{strategy}` | {', '.join(f'`{m}`' for m in combination.mechanisms)} | "
        f"{combination.rule} |"
        for strategy, combination in LEGAL.items()
    ]
    now = ", ".join(sorted(f"`{s}` by `{m}`" for s, m in IMPLEMENTED))
    head = ["| strategy | mechanisms, the default first | rule |", "| --- | --- | --- |"]
    title = ["## Strategies and mechanisms", "", f"This version runs {now}.", ""]
    return "\n".join([*title, *head, *rows, "", *_hostings()])


def _hostings() -> Iterator[str]:
    """What serverless and asynchronous endpoints leave of the table."""
    rules = {
        Hosting.SERVERLESS: SERVERLESS_RULES,
        Hosting.ASYNCHRONOUS: ASYNCHRONOUS_RULES,
        Hosting.FLEET: FLEET_RULES,
    }
    for hosting, ruled_out in rules.items():
        yield f"On `{hosting}` these are left out, and synth says which remain:"
        yield ""
        yield "| strategy | mechanism | because |"
        yield "| --- | --- | --- |"
        for (strategy, mechanism), rule in ruled_out.items():
            yield f"| `{strategy}` | `{mechanism}` | {rule} |"
        yield ""


if __name__ == "__main__":
    REFERENCE_FILE.write_text(reference_text(), encoding="utf-8")
