"""A review as JUnit's XML, which reports of CodeBuild are made of, and a report read back.

A finding is a failed case: its class is the file, its name says place, tool and rule, its message
severity and text. The worst come first: a report keeps so many cases and no more. A tool without
findings has one case that succeeded.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from cli.review.findings import Finding, Review, Severity, worst_first

FILE = "review.xml"
_NAME = re.compile(r"^(?P<path>.+):(?P<line>\d+) (?P<tool>\S+) (?P<rule>\S+)$")
_MESSAGE = re.compile(r"^(?P<severity>high|medium|low): (?P<text>.*)$", re.DOTALL)
_UNFIT = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no place for."""


def write_report(review: Review, folder: Path) -> Path:
    """The report is in the folder, which is made."""
    suite = ET.Element("testsuite", name="review")
    for finding in review.findings:
        name = f"{finding.place} {finding.tool} {finding.rule}"
        case = _case(suite, finding.path, name)
        message = f"{finding.severity}: {_UNFIT.sub('?', finding.text)}"
        ET.SubElement(case, "failure", message=message, type=finding.severity.value)
    for tool in review.tools:
        if all(finding.tool != tool for finding in review.findings):
            _case(suite, tool, f"no findings in {review.files} files")
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(len(review.findings)))
    root = ET.Element("testsuites")
    root.append(suite)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / FILE
    ET.ElementTree(root).write(file, encoding="utf-8", xml_declaration=True)
    return file


def _case(suite: ET.Element, group: str, name: str) -> ET.Element:
    told = {"classname": _UNFIT.sub("?", group), "name": _UNFIT.sub("?", name), "time": "0"}
    return ET.SubElement(suite, "testcase", told)


def findings_of(cases: Iterable[Mapping[str, Any]]) -> tuple[Finding, ...]:
    """The findings that cases of DescribeTestCases tell of; other cases tell of none."""
    found = []
    for case in cases:
        name, message = _NAME.match(case["name"]), _MESSAGE.match(case.get("message", ""))
        if name is not None and message is not None:
            found.append(
                Finding(
                    path=name["path"],
                    line=int(name["line"]),
                    tool=name["tool"],
                    rule=name["rule"],
                    severity=Severity(message["severity"]),
                    text=message["text"],
                )
            )
    return worst_first(found)
