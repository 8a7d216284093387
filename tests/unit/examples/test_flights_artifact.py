"""The artifacts: their bytes, their layout, and the scikit-learn container's contract."""

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest
import sklearn

from examples.flights import artifact
from examples.flights.dataset import aircraft
from examples.flights.evaluate import ASK, Answered
from examples.flights.traffic import Row
from examples.flights.train import VERSIONS

ROOT = Path(__file__).parents[3]


def run(*arguments: str, body: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """An isolated Python that sees the artifact and the installed packages, not this project."""
    return subprocess.run(
        [sys.executable, "-I", *arguments], input=body, capture_output=True, check=False
    )


def answers_to(folder: Path, *bodies: bytes) -> list[dict[str, str]]:
    """What the artifact says to each body."""
    done = run(str(ASK), str(folder), body=b"".join(body + b"\n" for body in bodies))
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.accept
def test_training_again_gives_the_same_bytes(artifact_folder: Path, tmp_path: Path) -> None:
    """A second process with another hash seed and time zone packs identical archives."""
    subprocess.run(
        [
            *(sys.executable, "-m", "examples.flights.train"),
            *("--version", "all", "--output", str(tmp_path), "--pack"),
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "77", "TZ": "Asia/Kathmandu"},
        check=True,
        stdout=subprocess.DEVNULL,
    )

    for version in VERSIONS:
        packed = (tmp_path / f"{version}.tar.gz").read_bytes()
        assert artifact.pack(artifact_folder / version) == packed


def test_versions_are_different_artifacts(artifact_folder: Path) -> None:
    """No two versions pack to the same bytes."""
    packed = {artifact.pack(artifact_folder / version) for version in VERSIONS}

    assert len(packed) == len(VERSIONS)


@pytest.mark.parametrize("version", VERSIONS)
def test_archive_has_the_containers_layout(version: str, artifact_folder: Path) -> None:
    """The model lies at the top and the code under code/, with nothing of this machine."""
    with tarfile.open(fileobj=io.BytesIO(artifact.pack(artifact_folder / version))) as tar:
        entries = tar.getmembers()

    names = [entry.name for entry in entries]
    assert names == sorted(names)
    assert {"model.joblib", "model.json", "code/inference.py", "code/features.py"} <= set(names)
    assert {(entry.mtime, entry.uid, entry.uname) for entry in entries} == {(0, 0, "")}


def test_about_names_version_and_library(artifact_folder: Path) -> None:
    """model.json says which version this is and what trained it."""
    about = json.loads((artifact_folder / "v2" / "model.json").read_text())

    assert about == {"scikit_learn": sklearn.__version__, "version": "v2"}


@pytest.mark.parametrize("version", VERSIONS)
def test_artifact_answers_without_this_project(
    version: str, answers: Mapping[str, list[Answered]]
) -> None:
    """Alone in an isolated process, each artifact labels and scores the flights it can handle."""
    body = next(answer.body for answer in answers[version] if answer.body is not None)

    (prediction,) = json.loads(body)["predictions"]
    assert prediction["label"] in ("late", "on-time")
    assert 0 <= prediction["score"] <= 1
    assert (prediction["label"] == "late") == (prediction["score"] >= 0.5)


@pytest.fixture(scope="session")
def unusual(artifact_folder: Path, rows: tuple[Row, ...]) -> dict[str, dict[str, str]]:
    """What version 2 says to requests out of the ordinary, all asked of one process."""
    first = dict(rows[0].features)
    lacking = {name: value for name, value in first.items() if name not in ("dep", "origin")}
    bodies = {
        "several": {"instances": [row.features for row in rows[:3]]},
        "none": {"instances": []},
        "lacking": {"features": lacking},
        "still": {"features": {**first, "wind_mph": 0, "precipitation_inches": 0.0}},
        "unknown": {"features": {**first, "carrier": "ZZ", "dest": "XXX", "origin": "YYY"}},
    }
    said = answers_to(
        artifact_folder / "v2", *(json.dumps(body).encode() for body in bodies.values())
    )
    return dict(zip(bodies, said, strict=True))


def test_several_flights_are_answered_in_order(
    unusual: dict[str, dict[str, str]], answers: Mapping[str, list[Answered]]
) -> None:
    """A request with instances gets the answers that each would get alone."""
    together = json.loads(unusual["several"]["answer"])["predictions"]
    alone = [json.loads(answer.body or b"")["predictions"][0] for answer in answers["v2"][:3]]

    assert together == alone


def test_no_flights_get_no_predictions(unusual: dict[str, dict[str, str]]) -> None:
    """An empty list of instances is answered with an empty list."""
    assert json.loads(unusual["none"]["answer"]) == {"predictions": []}


def test_lacking_features_are_all_named(unusual: dict[str, dict[str, str]]) -> None:
    """The error of an incomplete request names every feature that is missing."""
    expected = "ValueError: features lack origin, dep: send every one"

    assert unusual["lacking"] == {"error": expected}


def test_a_zero_is_not_lacking(unusual: dict[str, dict[str, str]]) -> None:
    """No wind is a reading, not a missing one."""
    assert "answer" in unusual["still"]


def test_unknown_places_are_still_answered(unusual: dict[str, dict[str, str]]) -> None:
    """A carrier and airports that training never saw do not stop version 2."""
    assert "answer" in unusual["unknown"]


def test_version_3_fails_on_an_aircraft_not_in_the_registry(
    answers: Mapping[str, list[Answered]], rows: tuple[Row, ...]
) -> None:
    """Version 3 leaves unanswered exactly the flights whose aircraft nobody registered."""
    registered = {entry.tailnum for entry in aircraft()}
    answered = [answer.body is not None for answer in answers["v3"]]
    asked = rows[: len(answered)]

    assert [row.features["tailnum"] in registered for row in asked] == answered


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("input_fn(b'1,2', 'text/csv')", "content type 'text/csv' cannot be read"),
        ("output_fn([], 'text/csv')", "accept 'text/csv' cannot be answered"),
    ],
)
def test_other_formats_are_refused(call: str, message: str, artifact_folder: Path) -> None:
    """Only JSON goes in and comes out; the refusal says so."""
    code = artifact_folder / "v1" / "code"
    script = f"import sys; sys.path.insert(0, {str(code)!r}); import inference; inference.{call}"
    done = run("-B", "-c", script)

    assert done.returncode != 0
    assert message in done.stderr.decode()


def test_an_answer_names_its_version_where_the_container_was_told_it(artifact_folder: Path) -> None:
    """As a custom attribute, by the toolkit's own response; the body stays the same."""
    code = artifact_folder / "v1" / "code"
    script = (
        f"import os, sys; sys.path.insert(0, {str(code)!r}); "
        "from emulator.serving_container.responses import install_framework_modules; "
        "install_framework_modules(); import inference; "
        "plain = inference.output_fn([], 'application/json'); "
        "os.environ['TIDEGATE_VERSION'] = 'abc'; told = inference.output_fn([], ''); "
        "assert told.get_data() == plain[0].encode() and told.mimetype == plain[1]; "
        "print(told.headers)"
    )
    done = run("-B", "-c", script)

    assert done.returncode == 0, done.stderr.decode()
    assert "'X-Amzn-SageMaker-Custom-Attributes': 'tidegate-version=abc'" in done.stdout.decode()


def test_a_model_of_another_library_version_is_not_loaded(
    artifact_folder: Path, tmp_path: Path
) -> None:
    """An artifact trained with another minor version of scikit-learn says what to do."""
    folder = tmp_path / "old"
    shutil.copytree(artifact_folder / "v1", folder)
    (folder / "model.json").write_text('{"scikit_learn": "0.23.2", "version": "v1"}')
    done = run(str(ASK), str(folder))

    assert done.returncode != 0
    assert "the model was trained with scikit-learn 0.23.2" in done.stderr.decode()


def test_a_folder_with_other_things_is_not_overwritten(tmp_path: Path) -> None:
    """Training refuses to clear a folder that is not an artifact."""
    (tmp_path / "thesis.txt").write_text("years of work")

    with pytest.raises(SystemExit, match="holds something other than an artifact"):
        artifact.clear(tmp_path)
    assert (tmp_path / "thesis.txt").exists()
