"""Examples as a cloud takes them that has neither a user's own image nor every framework.

What templates have of them stays, but for names of images: these stories are about stacks.
"""

import json
import re
from pathlib import Path

from emulator.server import EmbeddedCloud
from stacks.project.artifacts import write_archive
from tests.e2e.world import INFERENCE, V1, behaviour_json

SCIKIT_LEARN = 'framework: scikit-learn\n    framework_version: "1.9-0"'
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.9-0-cpu-py3"

_OWN_IMAGE = re.compile(r"image: \d{12}\.dkr\.ecr\.\S+/flights-gpu:1")
_FRAMEWORK = re.compile(r'framework: (?:tensorflow|pytorch)\n    framework_version: "[\d.]+"')
_PRODUCT = re.compile(r"model_package: (arn:aws:sagemaker:\S+)")
_ALGORITHM = re.compile(r"algorithm_arn: (arn:aws:sagemaker:\S+)")


def playable(text: str) -> str:
    """The project file with scikit-learn's container where none can be played."""
    return _FRAMEWORK.sub(SCIKIT_LEARN, _OWN_IMAGE.sub(SCIKIT_LEARN, text))


def stand_in(folder: Path, name: str) -> None:
    """The folder is an artifact of that name, which answers as a story's model does."""
    code = folder / "code"
    code.mkdir(parents=True, exist_ok=True)
    (code / "inference.py").write_text(INFERENCE)
    (folder / "version.txt").write_text(name)
    (folder / "behaviour.json").write_text(json.dumps(behaviour_json(V1)))


def subscribe(cloud: EmbeddedCloud, text: str, folder: Path) -> None:
    """The account has bought every product of the project file."""
    for arn in _PRODUCT.findall(text):
        stand_in(folder / "product", arn)
        packed = folder / "product.tar.gz"
        write_archive(folder / "product", packed)
        cloud.list_in_marketplace(arn, image=IMAGE, artifact=packed, subscribed=[cloud.account])
    for arn in _ALGORITHM.findall(text):
        cloud.list_algorithm_in_marketplace(arn, image=IMAGE, subscribed=[cloud.account])
