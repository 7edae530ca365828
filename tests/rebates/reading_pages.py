"""What a page says, without its marks."""

from __future__ import annotations

import html
import re
from typing import Any


def words(answer: Any) -> str:
    """The text of an answer, or of rendered HTML, with single blanks."""
    text = answer if isinstance(answer, str) else answer.content.decode()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html.unescape(text)))
