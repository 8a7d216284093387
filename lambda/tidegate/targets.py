"""The models of a multi-model endpoint: which there are, and who may ask for which.

One container serves many models, and a request names one of them. All of them together are one
version, released as a whole: a version lies under a prefix of its own in S3, and nothing is added
to it afterwards.
"""

from collections.abc import Mapping

from tidegate.untyped import Any
from tidegate.values import value

HEADER = "x-tidegate-target-model"
"""The header by which a request names the model that it asks."""


@value
class TargetModels:
    """The models of a container by name, and the archive of the program that answers for all.

    `code_uri` is "" where the image has its program. `retired` are names of earlier versions that
    are meant to end.
    """

    names: tuple[str, ...]
    code_uri: str = ""
    retired: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The models in JSON types; `from_json` reads them back."""
        return {
            "names": list(self.names),
            "code_uri": self.code_uri,
            "retired": list(self.retired),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "TargetModels":
        """The models that `to_json` wrote."""
        return cls(
            names=tuple(data["names"]),
            code_uri=data["code_uri"],
            retired=tuple(data["retired"]),
        )


def target_object(name: str) -> str:
    """Where a model's artifact is below its version's prefix: what SageMaker calls TargetModel."""
    return f"{name}.tar.gz"


def lost_faults(
    model: str, live: TargetModels | None, proposed: TargetModels | None
) -> tuple[str, ...]:
    """Why users who are answered today would not be by a proposed version; empty if all would."""
    if live is None and proposed is None:
        return ()
    if live is None or proposed is None:
        has = {True: "one model", False: "several models, of which a request names one"}
        fault = (
            f"{model} serves {has[live is None]}, and this version {has[proposed is None]}: its "
            "callers would be refused; give it another name, move them, then remove this one"
        )
        return (fault,)
    lost = sorted(set(live.names) - set(proposed.names) - set(proposed.retired))
    if not lost:
        return ()
    fault = (
        f"{model} answers for {', '.join(lost)}, and this version does not: put it back, or name "
        "it in retired_models, and it ends with this release"
    )
    return (fault,)
