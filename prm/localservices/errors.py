"""What stops a start: one sentence for a person, never a traceback."""

from __future__ import annotations

import errno


class Failure(Exception):
    """A start that cannot go on; the text says what to do about it."""

    def __init__(self, message: str, *, status: int = 1) -> None:
        super().__init__(message)
        self.status = status


class Stopped(BaseException):
    """Ctrl-C or SIGTERM arrived; not an Exception, so that nothing swallows it on the way up."""


def sentence_for(error: OSError) -> str:
    """The one line that a person reads when the operating system refused something."""
    place = f" ({error.filename})" if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"disk full{place}: free some space and start again"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"permission denied{place}"
    if error.errno == errno.EROFS:
        return f"the disk is read-only{place}: set PRM_DATA_DIR to a folder that can be written"
    return f"{error.strerror or error}{place}"
