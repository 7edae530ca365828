"""A folder in memory for the tests' databases, where the machine has room for one.

Every reset of a database deletes and creates three thousand files. ext4 looks at each inode that was deleted in the
last minutes before it takes another: on a disk a reset costs two seconds of a core, in memory a tenth of one.
"""

from __future__ import annotations

import hashlib
import os
import pathlib
import shutil

from prm.localservices.datadir import ROOT

SHARED = pathlib.Path("/dev/shm")
NAME = f"qudao-test-{os.geteuid()}-"
NOTE = "checkout"  # the file that says whose a folder is
FREE, AVAILABLE = 2 << 30, 4 << 30


def folder() -> pathlib.Path | None:
    """This checkout's folder, made when it is missing; None where there is too little room."""
    try:
        if shutil.disk_usage(SHARED).free < FREE or _available() < AVAILABLE:
            return None
        _forget_gone_checkouts()
        mine = SHARED / (NAME + hashlib.sha256(str(ROOT).encode()).hexdigest()[:12])
        mine.mkdir(exist_ok=True)
        if not _is_ours(mine):
            return None
        (mine / NOTE).write_text(str(ROOT))
        return mine
    except (OSError, ValueError, StopIteration):  # no such place, or nobody says how much is free
        return None


def _available() -> int:
    lines = pathlib.Path("/proc/meminfo").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("MemAvailable")).split()[1]) << 10


def _is_ours(path: pathlib.Path) -> bool:
    """Everybody may write to the shared place: not a link, and not another's."""
    return path.is_dir() and not path.is_symlink() and path.stat().st_uid == os.geteuid()


def _forget_gone_checkouts() -> None:
    """What lies in memory lies there until somebody removes it."""
    for path in SHARED.glob(f"{NAME}*"):
        note = path / NOTE
        if _is_ours(path) and note.is_file() and not pathlib.Path(note.read_text()).exists():
            shutil.rmtree(path, ignore_errors=True)
