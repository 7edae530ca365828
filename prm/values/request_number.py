"""The number under which the log, the audit trail and the error pages know one request."""

from __future__ import annotations

from structlog.contextvars import get_contextvars


def request_number() -> str:
    """That of the request being answered, "" outside of one. The middleware of the log gives it."""
    return str(get_contextvars().get("request_id") or "")
