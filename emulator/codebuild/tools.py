"""The tools of a build: this machine's, with a Python of its own that nothing else sees.

CodeBuild starts a container from an image; here there is none, so that a build runs what is on
the PATH of whoever started the cloud. `pip install` must not change that person's environment:
each build gets a virtual environment that reads the server's packages and writes its own.
"""

import os
import sys
import sysconfig
import venv
from pathlib import Path

_SCRIPT_LIMIT_BYTES = 1 << 16
_JSII_CACHE = "JSII_RUNTIME_PACKAGE_CACHE_ROOT"


def private_python(directory: Path) -> Path:
    """A virtual environment over the server's own is in the directory; its `bin` folder."""
    venv.EnvBuilder(symlinks=True, with_pip=False).create(directory)
    bin_folder = directory / "bin"
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(directory)}))
    below = sysconfig.get_path("purelib")
    # `site` also runs the .pth files in there, so that editable installs are seen too.
    (packages / "_server.pth").write_text(f"import site; site.addsitedir({below!r})\n", "utf-8")
    python = bin_folder / "python"
    _copy_scripts(Path(sys.executable).parent, bin_folder, python)
    for name in ("pip", "pip3"):
        _write_script(bin_folder / name, f'#!/bin/sh\nexec "{python}" -m pip "$@"\n')
    return bin_folder


def search_path(bin_folder: Path) -> str:
    """The PATH of a build: its own Python first, then the server's PATH and folder of scripts."""
    inherited = os.environ.get("PATH", os.defpath)
    return os.pathsep.join((str(bin_folder), inherited, str(Path(sys.executable).parent)))


def warm_caches() -> dict[str, str]:
    """Variables that let a build read what this machine's CDK has unpacked before.

    jsii keeps the unpacked libraries by their digests below HOME, and a build has a HOME of its
    own: each synth would unpack 50 MB anew. A build's image would bring them.
    """
    named = os.environ.get(_JSII_CACHE)
    place = Path.home() / ".cache" / "aws" / "jsii" / "package-cache"
    return {_JSII_CACHE: str(place) if named is None else named}


def _copy_scripts(source: Path, target: Path, python: Path) -> None:
    """Scripts that name the server's Python run with the build's."""
    for script in source.iterdir():
        copy = target / script.name
        if copy.exists() or not script.is_file() or script.stat().st_size > _SCRIPT_LIMIT_BYTES:
            continue
        content = script.read_bytes()
        first, found, rest = content.partition(b"\n")
        named = first.startswith(b"#!") and b"python" in first and str(source).encode() in first
        if found and named:
            _write_script(copy, f"#!{python}\n" + rest.decode("utf-8", errors="surrogateescape"))


def _write_script(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", errors="surrogateescape")
    path.chmod(0o755)
