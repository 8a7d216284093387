"""Archives of others write into their directory only, with or without tarfile's own filter."""

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from emulator.archives import extract, extract_zip, pack_zip


@pytest.fixture(params=["as it is", "without filters"], autouse=True)
def python(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """This Python, and one before 3.11.4, whose tarfile has no filters."""
    if request.param == "without filters":
        monkeypatch.delattr(tarfile, "data_filter", raising=False)


def _archive(*members: tarfile.TarInfo) -> tarfile.TarFile:
    """An archive of these members; files hold one byte."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for member in members:
            member.size = 1 if member.isreg() else 0
            archive.addfile(member, io.BytesIO(b"x") if member.isreg() else None)
    buffer.seek(0)
    return tarfile.open(fileobj=buffer)


def _member(name: str, *, kind: bytes = tarfile.REGTYPE, goal: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, goal
    return member


def test_files_and_inner_links_are_unpacked(tmp_path: Path):
    """Files, folders and links that stay inside are there afterwards."""
    folder = _member("code", kind=tarfile.DIRTYPE)
    folder.mode = 0o755
    link = _member("code/again", kind=tarfile.SYMTYPE, goal="entry.py")
    extract(_archive(folder, _member("code/entry.py"), link), tmp_path)
    assert (tmp_path / "code" / "again").read_bytes() == b"x"


@pytest.mark.parametrize(
    "member",
    [
        _member("../outside"),
        _member("code/../../outside"),
        _member("link", kind=tarfile.SYMTYPE, goal="../../outside"),
        _member("link", kind=tarfile.SYMTYPE, goal="/etc/passwd"),
        _member("link", kind=tarfile.LNKTYPE, goal="../outside"),
        _member("device", kind=tarfile.CHRTYPE),
        _member("pipe", kind=tarfile.FIFOTYPE),
    ],
    ids=lambda member: f"{member.name} {member.linkname}",
)
def test_what_leaves_the_directory_is_refused(member: tarfile.TarInfo, tmp_path: Path):
    """A member outside, a link to the outside, a device: none of them is written."""
    directory = tmp_path / "in"
    directory.mkdir()
    with pytest.raises(tarfile.TarError):
        extract(_archive(member), directory)
    assert [path.name for path in tmp_path.rglob("*")] == ["in"]


def test_a_link_does_not_open_a_way_out(tmp_path: Path):
    """A file that a link of the same archive leads outside is refused."""
    directory = tmp_path / "in"
    directory.mkdir()
    link = _member("here", kind=tarfile.SYMTYPE, goal=str(tmp_path))
    with pytest.raises(tarfile.TarError):
        extract(_archive(link, _member("here/outside")), directory)
    assert not (tmp_path / "outside").exists()


def test_a_packed_folder_comes_back(tmp_path: Path):
    """Files with their modes, and links as links."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "run.sh").write_text("#!/bin/sh\n", encoding="utf-8")
    (source / "run.sh").chmod(0o750)
    (source / "again").symlink_to("run.sh")
    names = ("run.sh", "again")
    pack_zip(tmp_path / "a.zip", ((f"in/{name}", source / name) for name in names))
    extract_zip(tmp_path / "a.zip", tmp_path / "out")
    assert (tmp_path / "out/in/run.sh").stat().st_mode & 0o777 == 0o750
    assert (tmp_path / "out/in/again").readlink() == Path("run.sh")


def test_a_link_of_a_zip_may_not_point_outside(tmp_path: Path):
    """It is refused before it exists."""
    (tmp_path / "bad").symlink_to("../../etc")
    pack_zip(tmp_path / "a.zip", [("bad", tmp_path / "bad")])
    with pytest.raises(zipfile.BadZipFile, match="outside the destination"):
        extract_zip(tmp_path / "a.zip", tmp_path / "deep" / "out")
    assert not (tmp_path / "deep" / "out" / "bad").is_symlink()
