"""A fleet for benchmarks: one project of many models, as a project file in a folder.

All models share one small artifact, so that what is measured is synth and not packing.
"""

from pathlib import Path

_HEAD = """\
project: fleet
stages:
  bench:
    region: eu-west-1
    data_on_destroy: delete
models:
"""

_MODEL = """\
  model-{number:04d}:
    framework: scikit-learn
    framework_version: "1.9-0"
    artifact: artifact
    label: v{number}
    hosting:
      instance_type: ml.m5.large
      instances: {{ min: 1, max: 4 }}
    data_capture: {{ percent: 10 }}
    release:
      steps:
        - {{ share_percent: 10, bake: 10m }}
        - {{ share_percent: 50, bake: 10m }}
"""


def write_fleet(folder: Path, *, models: int) -> Path:
    """A project file of so many models, and their artifact, stand in the folder."""
    code = folder / "artifact" / "code"
    code.mkdir(parents=True, exist_ok=True)
    (code / "inference.py").write_text("def model_fn(model_dir):\n    return None\n")
    (folder / "artifact" / "model.json").write_text("{}\n")
    file = folder / "tidegate.yaml"
    file.write_text(_HEAD + "".join(_MODEL.format(number=number) for number in range(models)))
    return file
