"""The page that maps the course's names: none is missing, and what it points to is there."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "course.md"
NAMES = (
    *("offline (batch)", "online"),
    *("big bang", "phased", "parallel", "rolling", "canary (Route 53)", "A/B (SageMaker)"),
    *("continuous integration", "continuous delivery", "continuous deployment"),
    *("monitoring", "evaluation"),
    *("Comprehend", "CodeGuru", "Lex", "Forecast", "Polly", "Rekognition", "Textract"),
    *("Transcribe", "Translate", "Kendra", "Personalize", "Fraud Detector"),
    *("Ground Truth", "training", "notebooks", "hosting", "algorithms", "Marketplace"),
    *("MXNet", "TensorFlow", "Gluon", "Keras", "Greengrass", "EC2", "Deep Learning AMI"),
)
"""Every name of the course's chapter."""

ROWS = [
    tuple(cell.strip() for cell in line.strip("|").split("|"))
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith(("| ---", "| name"))
]


def test_no_name_is_missing_and_none_is_made_up():
    """Each name of the course has a row."""
    assert sorted(row[0] for row in ROWS) == sorted(NAMES)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_what_a_row_points_to_is_there(row: tuple[str, ...]):
    """A story at least, and every path."""
    links = re.findall(r"\]\(([^)#]+)", " ".join(row))
    assert any("tests/e2e/" in link for link in links), row
    assert [link for link in links if not (PAGE.parent / link).exists()] == []
