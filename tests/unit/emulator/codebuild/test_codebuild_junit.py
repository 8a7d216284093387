"""JUnit files become cases; what is no report is refused."""

import pytest

from emulator.codebuild.junit import ReportFileError, read_cases

WHOLE = b"""<?xml version="1.0"?>
<testsuites>
  <testsuite name="outer">
    <testcase classname="a.B" name="good" time="1.5"/>
    <testsuite name="inner">
      <testcase name="bad"><failure message="was 1">trace</failure></testcase>
      <testcase name="broken" time="nan"><error>a trace</error></testcase>
      <testcase name="left"><skipped/></testcase>
    </testsuite>
  </testsuite>
</testsuites>
"""


def test_cases_keep_suite_verdict_and_time():
    """A failure's message comes first, its text where it has none; unreadable times are zero."""
    cases = read_cases(WHOLE, "r.xml")
    assert [(c.suite, c.name, c.status, c.message) for c in cases] == [
        ("outer", "good", "SUCCEEDED", ""),
        ("inner", "bad", "FAILED", "was 1"),
        ("inner", "broken", "ERROR", "a trace"),
        ("inner", "left", "SKIPPED", ""),
    ]
    assert [c.nanoseconds for c in cases] == [1_500_000_000, 0, 0, 0]
    assert (cases[0].prefix, cases[0].path) == ("a.B", "r.xml")


def test_a_suite_may_stand_alone():
    """Without `testsuites` around it."""
    (case,) = read_cases(b"<testsuite name='s'><testcase name='t'/></testsuite>", "r.xml")
    assert (case.suite, case.name) == ("s", "t")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<testsuites>",
        b"<html/>",
        b'<!DOCTYPE x [<!ENTITY a "b">]><testsuites/>',
    ],
)
def test_what_is_no_report_is_refused(content: bytes):
    """Nothing, half a document, another one, and one that declares entities."""
    with pytest.raises(ReportFileError, match=r"r\.xml"):
        read_cases(content, "r.xml")
