"""Files of pages, which stand beside this module."""

from __future__ import annotations

from importlib.resources import files

from tidegate.errors import NotFoundError


class PackagedPages:
    """Port `Pages`."""

    def text(self, name: str) -> str:
        """The text of a file below `page_files`."""
        found = files("tidegate_aws.ai").joinpath("page_files", *name.split("/"))
        if not found.is_file():
            raise NotFoundError(f"no page {name}")
        return found.read_text(encoding="utf-8")
