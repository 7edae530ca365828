"""Fetches uv from PyPI with the standard library alone: `python3 bin/fetch_uv.py FOLDER`."""

import hashlib
import io
import json
import os
import platform
import sys
import urllib.request
import zipfile

INDEX = "https://pypi.org/simple/uv/"


def tag() -> str:
    """The end of the wheel's name for this machine."""
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(
        platform.machine().lower(), platform.machine().lower()
    )
    if sys.platform == "darwin":
        return f"macosx_11_0_{'arm64' if machine == 'aarch64' else machine}.whl"
    libc = "manylinux" if platform.libc_ver()[0] == "glibc" else "musllinux"
    return f"{libc}*{machine}.whl"


def fits(name: str) -> bool:
    """Whether the wheel of that name is for this machine."""
    system, _, machine = tag().partition("*")
    if not machine:
        return name.endswith(system)
    return name.endswith(machine) and system in name


def main(folder: str) -> None:
    """Take the newest wheel whose checksum agrees and keep its `uv` only."""
    request = urllib.request.Request(INDEX, headers={"Accept": "application/vnd.pypi.simple.v1+json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        index = json.load(answer)
    wheels = [entry for entry in index["files"] if fits(entry["filename"]) and not entry.get("yanked")]
    if not wheels:
        sys.exit(f"no uv for {tag()}")
    newest = max(
        wheels, key=lambda entry: [int(p) for p in entry["filename"].split("-")[1].split(".") if p.isdigit()]
    )
    with urllib.request.urlopen(newest["url"], timeout=120) as answer:
        body = answer.read()
    if hashlib.sha256(body).hexdigest() != newest["hashes"]["sha256"]:
        sys.exit("the checksum of uv is wrong")
    os.makedirs(folder, exist_ok=True)
    with zipfile.ZipFile(io.BytesIO(body)) as wheel:
        inside = next(name for name in wheel.namelist() if name.endswith("/scripts/uv"))
        target = os.path.join(folder, "uv")
        with open(target, "wb") as out:
            out.write(wheel.read(inside))
    os.chmod(target, 0o755)


if __name__ == "__main__":
    main(sys.argv[1])
