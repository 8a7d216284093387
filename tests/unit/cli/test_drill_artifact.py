"""The drill's bad version: the model's own artifact, which really loads and really fails."""

import importlib
import sys
import tarfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import ModuleType

import pytest
from ruamel.yaml import YAML

from cli.drill import ORIGINAL, Drill, bad_project, make_bad_artifact
from cli.exits import CommandError, Exit
from emulator.serving_container.encoders import ClientError
from emulator.serving_container.httpd import HttpRequest
from emulator.serving_container.transformer import Transformer

SOURCE = """
import helper

def model_fn(model_dir):
    return "model"

def {function}(body, *rest):
    return helper.doubled(body)
"""
PROJECT = """
project: demo
stages:
  dev: {region: eu-west-1}
models:
  flights: {framework: scikit-learn, artifact: artifact}
  stored: {framework: scikit-learn, artifact: "s3://bucket/key.tar.gz?versionId=1"}
  other: {framework: scikit-learn, artifact: ../other}
"""


def artifact(folder: Path, *, function: str = "input_fn", entry: str = "inference.py") -> Path:
    """An artifact as a folder."""
    (folder / "code").mkdir(parents=True)
    (folder / "code" / entry).write_text(SOURCE.format(function=function))
    (folder / "code" / "helper.py").write_text("def doubled(body): return body + body\n")
    (folder / "weights.bin").write_bytes(b"1")
    return folder


def loaded(folder: Path, *, entry: str = "inference") -> ModuleType:
    """The entry point, imported as the container imports it."""
    sys.path.insert(0, str(folder / "code"))
    importlib.invalidate_caches()
    return importlib.import_module(entry)


@pytest.fixture(autouse=True)
def _forget_modules() -> Iterator[None]:
    """Modules and paths of artifacts do not outlive their test."""
    paths = list(sys.path)
    yield
    sys.path[:] = paths
    for name in ("inference", "serve", "helper", ORIGINAL):
        sys.modules.pop(name, None)


def make(source: Path, tmp_path: Path, *, percent: int, entry: str = "inference.py") -> Path:
    """The bad version of an artifact."""
    bad = tmp_path / "bad"
    make_bad_artifact(source, bad, entry=Path("code") / entry, error_percent=percent)
    return bad


@pytest.mark.parametrize("function", ["input_fn", "predict_fn", "transform_fn"])
def test_it_fails_about_the_share_and_else_answers_as_the_original(tmp_path: Path, function: str):
    """Of 2,000 requests 30 % fail, within a 1-in-10^6 bound; the others are the original's."""
    module = loaded(make(artifact(tmp_path / "good", function=function), tmp_path, percent=30))
    failed = 0
    for _ in range(2_000):
        try:
            assert getattr(module, function)("ab", "text/plain") == "abab"
        except RuntimeError:
            failed += 1
    # Binomial(2000, 0.3): mean 600, standard deviation 20.5; five of them.
    assert 497 <= failed <= 703


def test_all_requests_fail_at_a_hundred_percent(tmp_path: Path):
    """The share's end is exact."""
    module = loaded(make(artifact(tmp_path / "good"), tmp_path, percent=100))
    for _ in range(100):
        with pytest.raises(RuntimeError):
            module.input_fn("ab", "text/plain")


def test_the_container_loads_it(tmp_path: Path):
    """The serving container finds the same functions as in the original, and serves."""
    folder = make(artifact(tmp_path / "good", function="transform_fn"), tmp_path, percent=1)
    serve = Transformer(loaded(folder), folder)
    request = HttpRequest(
        method="POST", path="/invocations", headers={"content-type": "text/csv"}, body=b"ab"
    )
    answers = []
    for _ in range(50):
        with suppress(ClientError):
            answers.append(serve(request).body)
    assert len(answers) > 25


def test_the_original_is_not_touched(tmp_path: Path):
    """A drill works on a copy, made anew each time."""
    good = artifact(tmp_path / "good")
    before = (good / "code" / "inference.py").read_bytes()
    make(good, tmp_path, percent=30)
    bad = make(good, tmp_path, percent=40)
    assert (good / "code" / "inference.py").read_bytes() == before
    assert (bad / "code" / f"{ORIGINAL}.py").read_bytes() == before
    assert (bad / "weights.bin").read_bytes() == b"1"


def test_a_packed_artifact_is_unpacked(tmp_path: Path):
    """A model.tar.gz can be drilled as well."""
    good = artifact(tmp_path / "good")
    with tarfile.open(tmp_path / "model.tar.gz", "w:gz") as archive:
        archive.add(good, arcname=".")
    bad = make(tmp_path / "model.tar.gz", tmp_path, percent=100)
    with pytest.raises(RuntimeError):
        loaded(bad).input_fn("ab", "text/plain")


def test_another_entry_point_is_wrapped(tmp_path: Path):
    """The project file's entry point is the one that fails."""
    good = artifact(tmp_path / "good", entry="serve.py")
    bad = make(good, tmp_path, percent=100, entry="serve.py")
    with pytest.raises(RuntimeError):
        loaded(bad, entry="serve").input_fn("ab", "text/plain")


def test_an_artifact_without_the_entry_point_is_refused(tmp_path: Path):
    """The message names the file that is missing."""
    with pytest.raises(CommandError, match=r"no code/serve\.py") as refused:
        make(artifact(tmp_path / "good"), tmp_path, percent=30, entry="serve.py")
    assert refused.value.code is Exit.REFUSED


def test_an_entry_point_with_nothing_to_wrap_is_refused(tmp_path: Path):
    """Where only the container's defaults answer, a drill cannot make them fail."""
    good = artifact(tmp_path / "good", function="output_fn")
    with pytest.raises(CommandError, match="input_fn, transform_fn, predict_fn"):
        make(good, tmp_path, percent=30)


def project(tmp_path: Path) -> Path:
    """A project file with three models, beside an artifact."""
    artifact(tmp_path / "project" / "artifact")
    file = tmp_path / "project" / "tidegate.yaml"
    file.write_text(PROJECT)
    return file


def drilled(file: Path, model: str) -> Path:
    """The drill's project file."""
    return bad_project(
        Drill(model=model, project_file=file, folder=file.parent.parent / "d", error_percent=30)
    )


def test_the_project_file_of_a_drill_names_the_bad_version(tmp_path: Path):
    """Artifact and label are the drill's, and say what it is."""
    data = YAML(typ="safe").load(drilled(project(tmp_path), "flights"))
    assert data["models"]["flights"]["label"] == "drill-30-percent-errors"
    assert (Path(data["models"]["flights"]["artifact"]) / "code" / f"{ORIGINAL}.py").is_file()


def test_other_models_of_the_project_keep_their_artifacts(tmp_path: Path):
    """Paths that were relative to the project file mean the same files in the copy."""
    data = YAML(typ="safe").load(drilled(project(tmp_path), "flights"))
    assert data["models"]["other"]["artifact"] == str((tmp_path / "other").resolve())
    assert data["models"]["stored"]["artifact"] == "s3://bucket/key.tar.gz?versionId=1"


@pytest.mark.parametrize(
    ("model", "told", "code"),
    [
        ("nope", "it has: flights, stored, other", Exit.USAGE),
        ("stored", "not on this machine", Exit.REFUSED),
        ("other", "not on this machine", Exit.REFUSED),
    ],
)
def test_what_cannot_be_drilled_is_refused(tmp_path: Path, model: str, told: str, code: Exit):
    """Unknown models and artifacts that are elsewhere: each with what to do."""
    with pytest.raises(CommandError, match=told) as refused:
        drilled(project(tmp_path), model)
    assert refused.value.code is code


def test_the_drill_of_a_test_has_the_bad_version_as_its_only_challenger(tmp_path: Path):
    """The live version stays the control, whichever of the file's versions it is."""
    folder = tmp_path / "project"
    artifact(folder / "artifact")
    release = (
        "release: {strategy: ab-test, shares: [60, 20, 20], "
        "challengers: [{artifact: better}, {artifact: ../third}]}"
    )
    text = PROJECT.replace("artifact: artifact}", f"artifact: artifact, {release}}}")
    file = folder / "tidegate.yaml"
    file.write_text(text)
    copy = bad_project(
        Drill(model="flights", project_file=file, folder=tmp_path / "state", error_percent=30)
    )
    settings = YAML().load(copy.read_text())["models"]["flights"]
    assert settings["artifact"] == str((folder / "artifact").resolve())
    (challenger,) = settings["release"]["challengers"]
    assert challenger["label"] == "drill-30-percent-errors"
    assert Path(challenger["artifact"], "code", f"{ORIGINAL}.py").exists()
    assert "shares" not in settings["release"]


def test_of_several_models_it_is_their_program_that_fails(tmp_path: Path):
    """Their artifacts stay, and mean the same files in the copy."""
    file = project(tmp_path)
    several = "flights: {framework: scikit-learn, code: artifact/code, target_models: {ewr: ewr}}"
    text = PROJECT.replace("flights: {framework: scikit-learn, artifact: artifact}", several)
    file.write_text(text)
    settings = YAML(typ="safe").load(drilled(file, "flights"))["models"]["flights"]

    assert settings["target_models"] == {"ewr": str((file.parent / "ewr").resolve())}
    assert (Path(settings["code"]) / f"{ORIGINAL}.py").is_file()
    assert "artifact" not in settings


def test_containers_of_a_pipeline_keep_their_artifacts(tmp_path: Path):
    """In the copy that drills another model."""
    file = project(tmp_path)
    listed = "other: {containers: [{artifact: one}, {artifact: ../two}]}"
    file.write_text(PROJECT.replace("other: {framework: scikit-learn, artifact: ../other}", listed))
    containers = YAML(typ="safe").load(drilled(file, "flights"))["models"]["other"]["containers"]

    assert [each["artifact"] for each in containers] == [
        str((file.parent / "one").resolve()),
        str((tmp_path / "two").resolve()),
    ]
