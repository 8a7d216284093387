"""Processing step: a labelled manifest becomes training and test data, as it is.

Whatever is in the data's folder is read: manifests as Ground Truth writes them. Lines go to one of
the two by a hash of their text, so that the same letter is always on the same side. Runs in
SageMaker's scikit-learn container with nothing of this project beside it.
"""

import argparse
import hashlib
from pathlib import Path

from manifests import Labelled, read, write  # type: ignore[import-not-found]

TEST_SHARE = 0.3


def is_test(one: Labelled) -> bool:
    """Whether a letter is measured with, and not learnt."""
    digest = hashlib.sha256(one.text.encode()).digest()
    return digest[0] / 256 < TEST_SHARE


def main() -> None:
    """Both folders have their letters; none in either is an error."""
    options = argparse.ArgumentParser()
    for name in ("data", "train", "test"):
        options.add_argument(f"--{name}", type=Path, required=True)
    given = options.parse_args()
    every = [one for file in sorted(given.data.rglob("*.manifest")) for one in read(file)]
    test = [one for one in every if is_test(one)]
    train = [one for one in every if not is_test(one)]
    if not train or not test:
        raise SystemExit(f"too little data in {given.data}: {len(train)} and {len(test)} letters")
    write(given.train / "letters.jsonl", train)
    write(given.test / "letters.jsonl", test)
    print(f"letters: {len(train)} to train on, {len(test)} to test")


if __name__ == "__main__":
    main()
