"""A build specification is read whole, and all of its faults are named at once."""

import pytest

from emulator.codebuild.buildspec import ArtifactSpec, BuildspecError, OnFailure, ReportSpec, parse

WHOLE = """
version: 0.2
env:
  shell: bash
  variables: {PORT: 8080, DEBUG: true}
  parameter-store: {P: /a/b}
  secrets-manager: {S: "name:key"}
  exported-variables: [OUT]
phases:
  install:
    runtime-versions: {python: 3.12}
    commands: pip --version
    on-failure: CONTINUE
  build:
    commands: [make, 3]
    finally: [echo done]
artifacts:
  files: ['**/*']
  base-directory: dist
  discard-paths: yes
  exclude-paths: ['*.tmp']
  secondary-artifacts:
    Docs: {files: [docs/**/*], name: docs.zip}
reports:
  tests: {files: [junit.xml]}
cache:
  paths: [/root/.cache]
"""


def test_a_whole_specification_is_read():
    """Variables become text, one command may stand alone, `yes` is a word of YAML 1.2."""
    spec = parse(WHOLE)
    assert (spec.shell, spec.variables) == ("bash", {"PORT": "8080", "DEBUG": "true"})
    assert (spec.parameters, spec.secrets) == ({"P": "/a/b"}, {"S": "name:key"})
    assert spec.exported == ("OUT",)
    assert spec.phases["install"].commands == ("pip --version",)
    assert spec.phases["install"].on_failure is OnFailure.CONTINUE
    assert spec.phases["build"].commands == ("make", "3")
    assert spec.phases["build"].finally_ == ("echo done",)
    assert spec.artifacts == ArtifactSpec(
        files=("**/*",), base_directory="dist", exclude=("*.tmp",), discard_paths=True
    )
    assert spec.secondary_artifacts["Docs"].name == "docs.zip"
    assert spec.reports == (ReportSpec(group="tests", files=("junit.xml",)),)
    assert spec.without_effect == ("cache", "runtime-versions")


def test_all_faults_are_named_at_once():
    """Version, unknown phases, commands that are mappings, shells and failures not emulated."""
    text = """
version: 0.3
env: {shell: fish}
phases:
  deploy: {commands: [x]}
  build:
    commands: [{echo: a}]
    on-failure: RETRY
artifacts: {base-directory: x}
"""
    with pytest.raises(BuildspecError) as caught:
        parse(text)
    said = str(caught.value)
    for fault in (
        "unsupported version: 0.3",
        "invalid phase: deploy",
        "Expected Commands[0] to be of string type",
        "on-failure 'RETRY'",
        "shell 'fish'",
        "artifacts: files is required",
    ):
        assert fault in said


@pytest.mark.parametrize("text", ["- a list", "just words", "version: [", ""])
def test_what_is_no_mapping_is_refused(text: str):
    """Lists, words, broken YAML and nothing at all."""
    with pytest.raises(BuildspecError):
        parse(text)
