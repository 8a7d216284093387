"""`Any`, for JSON, without loading `typing`: the judge would need nothing else of it.

Loading `typing` takes a tenth of the time in which the whole judge has to be loaded. Type checkers
read the first branch, Python the second.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any
else:
    Any = object

__all__ = ["Any"]
