"""cdk-nag's AwsSolutions over templates, whoever wrote them; each of its findings is passed on.

cdk-nag looks at constructs: `CfnInclude` makes them of a template. `python -m gate.nag` does it in
a process of its own, because CDK's runtime takes seconds to start and cfn-lint can work meanwhile.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from gate.finding import Fault, Finding, Place, Severity
from gate.template import Assembly

TOOL = "cdk-nag"
_ROOT = Path(__file__).parent.parent
_INCLUDED = "Template"
_OF_CDK = ("BootstrapVersion", "CheckBootstrapVersion")
"""What CDK puts into each template by itself, and would put in once more."""


class Nag:
    """cdk-nag at work on an assembly, in a process of its own, from when it is made."""

    def __init__(self, assembly: Assembly, *, path: str | None = None) -> None:
        self._assembly = assembly
        environment = {
            **os.environ,
            "PYTHONPATH": str(_ROOT),
            "CDK_VALIDATION": "false",
            "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
            **({} if path is None else {"PATH": path}),
        }
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "gate.nag"],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def findings(self) -> tuple[Finding, ...]:
        """What it found; RuntimeError where it could not work."""
        bodies = [template.body for template in self._assembly.templates]
        try:
            said, errors = self._process.communicate(json.dumps(bodies))
        except BaseException:
            self._process.kill()
            self._process.wait()
            raise
        if self._process.returncode != 0:
            raise RuntimeError(f"cdk-nag could not work: {errors.strip()[-2000:]}")
        return tuple(self._finding(row) for row in json.loads(said))

    def close(self) -> None:
        """The process is gone."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def _finding(self, row: Mapping[str, Any]) -> Finding:
        template = self._assembly.templates[row["template"]]
        place = Place(file=template.file, stack=template.stack, resource=row["resource"])
        return Finding(
            tool=TOOL,
            rule=row["rule"],
            severity=Severity(row["severity"]),
            fault=Fault(place=place, wrong=row["wrong"]),
            source="AWS Solutions library, by cdk-nag",
        )


def _rows(bodies: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Findings in JSON types, by the position of their template."""
    from aws_cdk import App, BootstraplessSynthesizer, Stack, Validations  # noqa: PLC0415 - seconds
    from aws_cdk.cloudformation_include import CfnInclude  # noqa: PLC0415
    from cdk_nag import AwsSolutionsChecks  # noqa: PLC0415

    with TemporaryDirectory() as folder:
        app = App(outdir=f"{folder}/out")
        for index, body in enumerate(bodies):
            file = Path(folder) / f"{index}.json"
            file.write_text(json.dumps(_without_cdk(body)), encoding="utf-8")
            stack = Stack(app, f"S{index}", synthesizer=BootstraplessSynthesizer())
            try:
                CfnInclude(stack, _INCLUDED, template_file=str(file))
            except RuntimeError as error:
                why = str(error).splitlines()[0]
                yield _row(index, "", "unreadable", f"it cannot read this template: {why}")
                app.node.try_remove_child(f"S{index}")
        Validations.of(app).add_plugins(AwsSolutionsChecks(app))
        # Its findings fail a synth; they are in the report.
        with suppress(RuntimeError):
            app.synth()
        yield from _reported(Path(folder) / "out" / "validation-report.json")


def _without_cdk(body: dict[str, Any]) -> dict[str, Any]:
    """The template without what CDK adds; its acknowledgements are looked at afterwards."""
    kept = {
        section: {k: v for k, v in content.items() if k not in _OF_CDK}
        if isinstance(content, dict) and section in {"Parameters", "Rules"}
        else content
        for section, content in body.items()
        if section != "Metadata"
    }
    resources = {
        id_: {k: v for k, v in resource.items() if k != "Metadata"}
        for id_, resource in body["Resources"].items()
    }
    return {**kept, "Resources": resources}


def _reported(report: Path) -> Iterator[dict[str, Any]]:
    if not report.is_file():
        return
    for plugin in json.loads(report.read_text(encoding="utf-8"))["pluginReports"]:
        if "AwsSolutions" not in str(plugin["pluginName"]):
            continue
        for violation in plugin.get("violations", ()):
            for construct in violation["violatingConstructs"]:
                stack, _, rest = str(construct["constructPath"]).partition("/")
                resource = rest.removeprefix(f"{_INCLUDED}/").split("/")[0]
                index = int(stack.removeprefix("S"))
                yield _row(index, resource, violation["ruleName"], violation["description"])


def _row(index: int, resource: str, rule: str, wrong: str) -> dict[str, Any]:
    severity = Severity.NOTE if rule == "unreadable" else Severity.WARNING
    return {
        "template": index,
        "resource": resource,
        "rule": rule,
        "severity": severity.value,
        "wrong": " ".join(wrong.split()),
    }


def main() -> None:
    """Templates as a JSON list on standard input, findings on standard output."""
    bodies = json.loads(sys.stdin.read())
    # CDK writes to standard output at will.
    with redirect_stdout(sys.stderr):
        rows = list(_rows(bodies))
    json.dump(rows, sys.stdout)


if __name__ == "__main__":
    main()
