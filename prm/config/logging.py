"""Structured logs: one line per event with time, level, tenant and request id, as JSON or for a person's eyes."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

import structlog


def add_tenant(logger: object, name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Name the tenant whose schema is in use, in requests, tasks and commands alike."""
    if "tenant" not in event:
        from django.db import connection  # the settings import this module

        event["tenant"] = getattr(connection, "schema_name", None)
    return event


def processors() -> list[Any]:
    """What every line passes through, whether written by structlog or by the standard library."""
    return [
        structlog.contextvars.merge_contextvars,
        add_tenant,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]


def configure_structlog() -> None:
    """Send structlog's own lines through the standard library, so that one handler formats all."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *processors(),
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.processors.UnicodeDecoder(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def logging_config(level: str, *, as_json: bool) -> dict[str, Any]:
    """The LOGGING setting; `level` is PRM_LOG_LEVEL."""
    configure_structlog()
    renderer: list[Any] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
        if as_json
        # Plain tracebacks: the rich ones take a second each and print local variables, passwords included.
        else [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]
    )
    quiet = {"level": "WARNING"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "lines": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": processors(),
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["stderr"], "level": level.upper()},
        "loggers": {
            "django": {"handlers": [], "propagate": True},
            "django.server": {"handlers": [], "propagate": True},
            "fontTools": quiet,
            "weasyprint": {"level": "ERROR"},
            "celery.app.trace": quiet,
            "celery.worker.strategy": quiet,
            "celery.beat": quiet,
        },
    }
