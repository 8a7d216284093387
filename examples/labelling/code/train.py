"""Training step: words and pairs of words, weighed by how rare they are, and a linear classifier.

Runs in SageMaker's scikit-learn container: hyperparameters are arguments, `SM_CHANNEL_TRAIN` is the
data, what is in `SM_MODEL_DIR` becomes model.tar.gz. A label counts as much as it is sure.
"""

import argparse
import json
import os
import shutil
from pathlib import Path

import joblib
import sklearn
from manifests import read  # type: ignore[import-not-found]
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

HERE = Path(__file__).resolve().parent


def main() -> None:
    """The artifact is in the model's folder."""
    options = argparse.ArgumentParser()
    options.add_argument("--strength", type=float, default=10.0)
    given = options.parse_args()
    every = read(Path(os.environ["SM_CHANNEL_TRAIN"]) / "letters.jsonl")
    folder = Path(os.environ["SM_MODEL_DIR"])
    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        LogisticRegression(C=given.strength, max_iter=1_000),
    )
    model.fit(
        [one.text for one in every],
        [one.label for one in every],
        logisticregression__sample_weight=[one.confidence for one in every],
    )
    joblib.dump(model, folder / "model.joblib", compress=3)
    about = {"letters": len(every), "scikit_learn": sklearn.__version__}
    (folder / "model.json").write_text(json.dumps(about, sort_keys=True) + "\n")
    (folder / "code").mkdir()
    shutil.copyfile(HERE / "inference.py", folder / "code" / "inference.py")
    print(f"letters={len(every)};")


if __name__ == "__main__":
    main()
