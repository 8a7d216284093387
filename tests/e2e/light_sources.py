"""Sources of pipelines whose builds take a moment: where it does not matter what a build does."""

import io
import stat
import sys
import zipfile
from collections.abc import Mapping

TIDEGATE = """#!/bin/sh
case "$1 $2 $3" in
"pipeline evidence "*) mkdir -p evidence; echo nothing > evidence/summary.txt;;
"pipeline review --requirements") echo /dev/null;;
"pipeline review "*) mkdir -p review; echo "<testsuites/>" > review/review.xml;;
esac
"""
MAKEFILE = "model check test templates:\n\ttrue\n"


REVIEWING = f"""#!/bin/sh
exec {sys.executable} -m cli "$@"
"""
"""The real command line, for builds of reviews alone: a source of this is reviewed in earnest."""


def light(files: Mapping[str, str] | None = None, *, tidegate: str = TIDEGATE) -> bytes:
    """A packed source with a `tidegate` that does next to nothing, and these files."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in {"Makefile": MAKEFILE, **({} if files is None else files)}.items():
            archive.writestr(name, text)
        # A link, since builds hand on everything but what is in `.venv`.
        for name, kind, text in (
            ("tools/bin/tidegate", stat.S_IFREG, tidegate),
            (".venv", stat.S_IFLNK, "tools"),
        ):
            member = zipfile.ZipInfo(name)
            member.external_attr = (kind | 0o755) << 16
            archive.writestr(member, text)
    return content.getvalue()
