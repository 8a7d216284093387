"""How version 4 is trained: as version 2, whose code its artifact carries beside its own."""

from examples.flights.versions.v2.recipe import train

__all__ = ["SERVED", "train"]

SERVED = {"features.py": "v4/features.py", "v2_features.py": "v2/features.py"}
