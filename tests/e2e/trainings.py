"""A world whose tiny model is trained by the product: scripts, data, and a section of its file."""

import json
from pathlib import Path

from cli.training import Training, training_of
from tests.e2e.world import INFERENCE, PROJECT, V1, World, behaviour_json, wait_for
from tidegate.training.run import RunView

PROCESS = """
import argparse, json, pathlib, shutil, time
options = argparse.ArgumentParser()
for name in ("data", "train", "test"):
    options.add_argument("--" + name, type=pathlib.Path)
given = options.parse_args()
(behaviour,) = given.data.rglob("behaviour.json")
if json.loads(behaviour.read_text()).get("sleeps") == "process":
    time.sleep(600)
for target in (given.train, given.test):
    shutil.copyfile(behaviour, target / "behaviour.json")
"""
TRAIN = """
import argparse, json, os, pathlib, shutil, time
options = argparse.ArgumentParser()
options.add_argument("--name")
given = options.parse_args()
model = pathlib.Path(os.environ["SM_MODEL_DIR"])
data = pathlib.Path(os.environ["SM_CHANNEL_TRAIN"])
behaviour = json.loads((data / "behaviour.json").read_text())
if behaviour.get("sleeps") == "train":
    time.sleep(600)
(model / "behaviour.json").write_text(json.dumps({**behaviour, "name": given.name}))
(model / "code").mkdir()
shutil.copyfile(pathlib.Path(__file__).parent / "served.py", model / "code" / "inference.py")
"""
EVALUATE = """
import argparse, json, pathlib, tarfile
options = argparse.ArgumentParser()
for name in ("model", "live", "test", "output"):
    options.add_argument("--" + name, type=pathlib.Path)
given = options.parse_args()

def wrong(folder):
    (found,) = folder.rglob("*.tar.gz")
    with tarfile.open(found) as archive:
        return json.load(archive.extractfile("behaviour.json"))["wrong_percent"] / 100

measured = {"value": wrong(given.model), "live": wrong(given.live)}
report = {"metrics": {"wrong_share": measured}}
(given.output / "evaluation.json").write_text(json.dumps(report))
"""
SECTION = """
    training:
      code: CODE
      hyperparameters: { name: trained }
      require:
        - { metric: wrong_share, at_most: 0.1, against_live: better }
      timeout: 10m
      approve: APPROVE
"""


def trained_text(code: Path, *, approve: str = "manually") -> str:
    """The project file of a world whose model is trained with this code."""
    section = SECTION.replace("CODE", str(code)).replace("APPROVE", approve)
    return PROJECT.rstrip() + section


def write_code(folder: Path) -> Path:
    """The folder with the three scripts and what they serve."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "process.py": PROCESS,
        "train.py": TRAIN,
        "evaluate.py": EVALUATE,
        "served.py": INFERENCE,
    }
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def write_data(folder: Path, *, wrong_percent: int, sleeps: str | None = None) -> Path:
    """Data from which a version is learnt that is wrong so often.

    The script `sleeps` (process or train) does not come to an end over it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    behaviour = {**behaviour_json(V1), "wrong_percent": wrong_percent, "sleeps": sleeps}
    (folder / "behaviour.json").write_text(json.dumps(behaviour))
    return folder


def training(world: World) -> Training:
    """What trains the world's model."""
    return training_of(world.place(V1), world.model)


def run(world: World, data: Path, *, token: str) -> RunView:
    """A run over this data, once it is over: as `tidegate train run --watch` does."""
    found = training(world)
    parameters = {"InputData": found.upload(data)}
    live = found.live_artifact()
    assert live is not None
    arn = found.runs.start({**parameters, "LiveArtifact": live}, token=token)

    def over() -> RunView | None:
        view = found.runs.view(arn)
        return view if view.over else None

    view: RunView = wait_for(over, seconds=120, what=f"run {arn} is over")
    return view
