"""Unpacks archives of others without letting them write anywhere else, and packs folders.

`tarfile`'s data filter does that since Python 3.11.4; Debian 12 has 3.11.2, which lacks it.
"""

import shutil
import stat
import tarfile
import zipfile
from collections.abc import Iterable
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


def extract_zip(archive: Path, directory: Path) -> None:
    """The members are in the directory, with their modes; links stay links.

    A link that points outside raises zipfile.BadZipFile, as does what is no zip file.
    """
    root = directory.resolve()
    with zipfile.ZipFile(archive) as opened:
        for member in opened.infolist():
            mode = member.external_attr >> 16
            if stat.S_ISLNK(mode):
                _link(opened.read(member).decode(), root / member.filename, root)
                continue
            place = Path(opened.extract(member, root))
            if stat.S_IMODE(mode) and not member.is_dir():
                place.chmod(stat.S_IMODE(mode) & 0o777 | stat.S_IRUSR)


def _link(goal: str, place: Path, root: Path) -> None:
    for path in (place.parent, place.parent / goal):
        if not path.resolve().is_relative_to(root):
            raise zipfile.BadZipFile(f"{place.name!r} would be outside the destination")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(goal)


def pack_zip(archive: Path, members: Iterable[tuple[str, Path]]) -> None:
    """The archive holds each file under its name, with its mode; links stay links."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as opened:
        for name, path in members:
            if not path.is_symlink():
                _add(opened, name, path)
                continue
            link = zipfile.ZipInfo(name)
            link.create_system = 3  # Unix, whose modes the attributes are
            link.external_attr = (stat.S_IFLNK | 0o777) << 16
            opened.writestr(link, str(path.readlink()))


def _add(opened: zipfile.ZipFile, name: str, path: Path) -> None:
    info = zipfile.ZipInfo.from_file(path, name, strict_timestamps=False)
    info.compress_type = zipfile.ZIP_DEFLATED
    with path.open("rb") as source, opened.open(info, "w", force_zip64=True) as target:
        shutil.copyfileobj(source, target, 1 << 20)
