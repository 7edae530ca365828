"""PostgreSQL refuses to run as root. As root it gets a user namespace of its own, or the account `nobody`.

In the namespace it believes to be `nobody` while the files stay ours: nothing is created, nothing is chowned.
Containers may forbid that; then it is `nobody` in truth. A user without an entry in /etc/passwd, as containers
like to use, gets the namespace too, because PostgreSQL asks for its user's name.
"""

from __future__ import annotations

import ctypes
import enum
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Callable

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
LINUX = sys.platform.startswith("linux")
LIBC = ctypes.CDLL(None, use_errno=True) if LINUX else None


class Account(enum.Enum):
    """As whom PostgreSQL runs."""

    OWN = "own"
    NAMESPACE = "namespace"
    NOBODY = "nobody"


def die_with_parent() -> None:
    """Ask the kernel to end this process when its parent ends, however that happens (Linux only)."""
    if LIBC is not None:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _enter_namespace() -> None:
    user, group, inside = os.geteuid(), os.getegid(), pwd.getpwnam("nobody")
    if LIBC is None or LIBC.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "no user namespace")
    maps = {
        "setgroups": "deny",
        "uid_map": f"{inside.pw_uid} {user} 1",
        "gid_map": f"{inside.pw_gid} {group} 1",
    }
    for name, text in maps.items():
        with open(f"/proc/self/{name}", "w") as handle:
            handle.write(text)


def _become_nobody() -> None:
    nobody = pwd.getpwnam("nobody")
    os.setgroups([])
    os.setgid(nobody.pw_gid)
    os.setuid(nobody.pw_uid)


def preexec(account: Account, *, tied: bool = True) -> Callable[[], None]:
    """What a child does between fork and exec: change its account, then tie its life to ours."""

    def prepare() -> None:
        if account is Account.NAMESPACE:
            _enter_namespace()
        elif account is Account.NOBODY:
            _become_nobody()
        if tied:
            die_with_parent()  # after the change of account: the kernel forgets it otherwise

    return prepare


def choose() -> Account:
    """The account for PostgreSQL on this machine; PRM_EMBEDDED_ACCOUNT=nobody leaves the namespace out."""
    if os.geteuid() != 0 and (not LINUX or _has_name()):
        return Account.OWN
    if os.environ.get("PRM_EMBEDDED_ACCOUNT") == "nobody" and os.geteuid() == 0:
        return Account.NOBODY
    try:
        subprocess.run(["/bin/sh", "-c", "exit 0"], preexec_fn=preexec(Account.NAMESPACE), check=True)
    except (OSError, subprocess.SubprocessError):
        return Account.NOBODY if os.geteuid() == 0 else Account.OWN
    return Account.NAMESPACE


def _has_name() -> bool:
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError:
        return False
    return True
