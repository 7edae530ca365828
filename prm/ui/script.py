"""The product's own script: the small modules of static/js/ joined in one cached answer, without a build step."""

import hashlib
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.urls import reverse

MODULES = (
    "net",
    "sheets",
    "why",
    "keys",
    "palette",
    "lists",
    "ticks",
    "marks",
    "forms",
    "formrules",
    "conditions",
    "picker",
    "rail",
)


@lru_cache(maxsize=1)
def _kept() -> tuple[str, str]:
    folder = Path(settings.BASE_DIR) / "static" / "js"
    text = "\n".join((folder / f"{name}.js").read_text(encoding="utf-8") for name in MODULES)
    return text, hashlib.sha256(text.encode()).hexdigest()[:12]


def joined() -> tuple[str, str]:
    """The text of all modules and its fingerprint."""
    if settings.DEBUG:
        _kept.cache_clear()
    return _kept()


def address() -> str:
    return f"{reverse('ui:script')}?v={joined()[1]}"
