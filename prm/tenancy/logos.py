"""A tenant's logo: an uploaded picture drawn anew, so that nothing else of the file survives."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image, UnidentifiedImageError

from prm.tenancy.errors import LogoInvalid

PLACE = "brand/logo.png"
MOST_BYTES = 2 * 1024 * 1024
MOST_PIXELS = 40_000_000
LOGO_BOX = (480, 160)
FORMATS = ("PNG", "JPEG", "WEBP")


def as_png(upload: Any) -> bytes:
    """The picture drawn anew: whatever else the file held is gone. LogoInvalid when it is none."""
    if upload.size > MOST_BYTES:
        raise LogoInvalid()
    try:
        with Image.open(upload, formats=FORMATS) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise LogoInvalid()
            picture.load()
            drawn = picture.convert("RGBA")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise LogoInvalid() from None
    drawn.thumbnail(LOGO_BOX)
    out = io.BytesIO()
    drawn.save(out, "PNG", optimize=True)
    return out.getvalue()
