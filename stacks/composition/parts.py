"""Every part of a project that becomes stacks, in the order in which they are added.

A new part is a file beside this one, and a line here.
"""

from stacks.composition.batches import add_batches
from stacks.composition.deployment import AddPart
from stacks.composition.edge import add_edge
from stacks.composition.models import add_models
from stacks.composition.notebooks import add_notebooks
from stacks.composition.services import add_services

PARTS: tuple[AddPart, ...] = (
    add_models,
    add_batches,
    add_services,
    add_notebooks,
    add_edge,
)
