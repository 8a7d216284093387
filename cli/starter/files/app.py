"""The CDK app of this project: Tidegate's own, which reads tidegate.yaml of this folder."""

import runpy
from pathlib import Path

import stacks

runpy.run_path(str(Path(stacks.__file__).parents[1] / "app.py"), run_name="__main__")
