"""Reads test reports in JUnit's XML, as CodeBuild does for `file-format: JUNITXML`. Pure.

Documents with a DOCTYPE are refused: entities could make a small file a huge one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from xml.etree import ElementTree as ET

SUCCEEDED, FAILED, ERROR, SKIPPED = "SUCCEEDED", "FAILED", "ERROR", "SKIPPED"
_VERDICTS = {"failure": FAILED, "error": ERROR, "skipped": SKIPPED}
_DECLARES = re.compile(rb"<!DOCTYPE|<!ENTITY", re.IGNORECASE)
_NANOSECONDS = 1_000_000_000


class ReportFileError(ValueError):
    """The file is no JUnit report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TestCase:
    """One case; `path` is the file it was read from, relative to the base directory."""

    __test__ = False  # nothing for pytest to collect

    path: str
    suite: str
    prefix: str
    name: str
    status: str
    nanoseconds: int
    message: str


def read_cases(content: bytes, path: str) -> list[TestCase]:
    """The cases of a report in their order; ReportFileError if it is none."""
    if _DECLARES.search(content):
        raise ReportFileError(f"{path}: a DOCTYPE is not allowed in a report")
    try:
        root = ET.fromstring(content)  # noqa: S314 - no entities, see above
    except ET.ParseError as error:
        raise ReportFileError(f"{path}: {error}") from error
    if root.tag not in ("testsuites", "testsuite"):
        raise ReportFileError(f"{path}: testsuites or testsuite was expected, got {root.tag}")
    return list(_cases(root, path, ""))


def _cases(element: ET.Element, path: str, suite: str) -> Iterator[TestCase]:
    here = element.get("name", suite) if element.tag == "testsuite" else suite
    for child in element:
        if child.tag == "testcase":
            yield _case(child, path, here)
        elif child.tag == "testsuite":
            yield from _cases(child, path, here)


def _case(element: ET.Element, path: str, suite: str) -> TestCase:
    status, message = SUCCEEDED, ""
    for child in element:
        if child.tag in _VERDICTS:
            status = _VERDICTS[child.tag]
            message = child.get("message") or (child.text or "").strip()
            break
    return TestCase(
        path=path,
        suite=suite,
        prefix=element.get("classname", ""),
        name=element.get("name", ""),
        status=status,
        nanoseconds=_nanoseconds(element.get("time", "0")),
        message=message,
    )


def _nanoseconds(text: str) -> int:
    try:
        seconds = float(text.replace(",", ""))
    except ValueError:
        return 0
    return int(seconds * _NANOSECONDS) if isfinite(seconds) and seconds > 0 else 0
