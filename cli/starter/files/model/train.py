"""Trains a version of the model and writes its artifact, in a second and without a download.

`python model/train.py [--output build/wine/v1]`. The artifact is what SageMaker's scikit-learn
container takes: the model at the top, the code that serves it under `code/`.
"""

import argparse
import shutil
from pathlib import Path

import joblib
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

HERE = Path(__file__).parent


def train(folder: Path) -> float:
    """The artifact is in the folder; returns the share of unseen wines that it gets right."""
    wines = load_wine()
    known, unseen, kinds, answers = train_test_split(wines.data, wines.target, random_state=7)
    model = make_pipeline(StandardScaler(), LogisticRegression())
    model.fit(known, kinds)
    code = folder / "code"
    code.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(HERE / "inference.py", code / "inference.py")
    joblib.dump(model, folder / "model.joblib")
    return float(model.score(unseen, answers))


def main() -> None:
    """Trains, and says how good it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("build/wine/v1"))
    folder = parser.parse_args().output
    print(f"{folder}: right on {train(folder):.1%} of unseen wines")


if __name__ == "__main__":
    main()
