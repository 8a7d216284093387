"""Help comes at once: a command loads what it needs when it runs."""

import subprocess
import sys

import pytest

HEAVY = (
    "boto3",
    "botocore",
    "jinja2",
    "ruamel.yaml",
    "urllib3",
    "aws_cdk",
    "sklearn",
    "numpy",
    "emulator",
    "examples",
    "tidegate_aws",
)


@pytest.mark.parametrize("arguments", [("--help",), ("release", "--help"), ("--version",)])
def test_help_loads_nothing_heavy(arguments: tuple[str, ...]):
    """Neither AWS's SDK nor the embedded cloud is imported to print a help text.

    Modules are counted and not seconds, which depend on the machine; here help takes 0.25 s.
    """
    code = f"""
import sys
from cli.main import app
try:
    app({list(arguments)!r})
except SystemExit as end:
    assert end.code == 0, end.code
print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout
    assert done.stderr.strip() == "[]"
