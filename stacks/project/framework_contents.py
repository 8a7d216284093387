"""What each framework's container needs in an artifact, and in its environment."""

import re
from collections.abc import Iterator, Mapping

from stacks.project.artifacts import Contents

DEFAULT_ENTRY_POINT = "inference.py"
CODE_FOLDER = "/opt/ml/model/code"
"""Where a framework's container finds `code/` of an artifact (SageMaker SDK, `_repack_model`)."""

TENSORFLOW, PYTORCH = "tensorflow", "pytorch"
FIXED_ENTRY = frozenset({TENSORFLOW})
"""Frameworks whose container looks for code/inference.py, whatever a variable says."""
_BUNDLE = re.compile(r"(^|.*/)\d+/saved_model\.pb$")
_SCRIPTED = re.compile(r"[^/]+\.(pt|pth)$")


def content_faults(framework: str, contents: Contents, entry_point: object) -> Iterator[str]:
    """What the framework's container would miss in the artifact."""
    if framework == TENSORFLOW:
        yield from _bundle_faults(contents)
        return
    wanted = f"code/{program_of(entry_point)}"
    if wanted in contents.names:
        return
    code = [name for name in contents.names if name.startswith("code/")]
    if code:
        yield f"it has no {wanted}, under code/ are: {', '.join(code[:5])}; see entry_point"
    elif framework != PYTORCH or entry_point is not None:
        yield (
            f"it has no code/: a framework's container runs {wanted} of the artifact "
            "(model_fn, input_fn, predict_fn, output_fn); put it there"
        )
    elif sum(_SCRIPTED.fullmatch(name) is not None for name in contents.names) != 1:
        yield (
            f"it has neither {wanted} nor one TorchScript file, .pt or .pth, at its top, which "
            "PyTorch's container loads without code: put one of the two there"
        )


def framework_environment(framework: str, entry_point: str | None) -> Mapping[str, str]:
    """Variables that the framework's container needs to find the code."""
    if framework in FIXED_ENTRY:
        return {}
    return {**program_environment(entry_point), "SAGEMAKER_SUBMIT_DIRECTORY": CODE_FOLDER}


def program_environment(entry_point: str | None) -> Mapping[str, str]:
    """Which file a container runs of the code that it finds."""
    return {"SAGEMAKER_PROGRAM": program_of(entry_point)}


def program_of(entry_point: object) -> str:
    """The file that is given, or the one that containers take without."""
    return DEFAULT_ENTRY_POINT if entry_point is None else str(entry_point)


def _bundle_faults(contents: Contents) -> Iterator[str]:
    if not any(_BUNDLE.match(name) for name in contents.names):
        top = ", ".join(contents.names[:5])
        yield (
            "it has no NUMBER/saved_model.pb, which TensorFlow Serving loads, in it are: "
            f"{top}; export the model there, such as model.export('model/1')"
        )
