"""Unpacks tar archives of others without letting them write anywhere else.

`tarfile`'s data filter does that since Python 3.11.4; Debian 12 has 3.11.2, which lacks it.
"""

import tarfile
from pathlib import Path


def extract(archive: tarfile.TarFile, directory: Path) -> None:
    """The members are in the directory.

    One that would land outside, a link that points outside and a device raise tarfile.TarError.
    """
    if hasattr(tarfile, "data_filter"):
        archive.extractall(directory, filter="data")
        return
    root = directory.resolve()
    for member in archive:
        _check(member, root)
        archive.extract(member, root)


def _check(member: tarfile.TarInfo, root: Path) -> None:
    if not (member.isreg() or member.isdir() or member.issym() or member.islnk()):
        raise tarfile.ExtractError(f"{member.name!r} is neither file, folder nor link")
    place = root / member.name
    # A symbolic link is relative to where it is, a hard link names another member.
    linked = {tarfile.SYMTYPE: place.parent, tarfile.LNKTYPE: root}.get(member.type)
    goals = [place] if linked is None else [place, linked / member.linkname]
    for goal in goals:
        if not goal.resolve().is_relative_to(root):
            raise tarfile.ExtractError(f"{member.name!r} would be outside the destination")
