"""Files that people hand in: judged by what they hold, not by what they are called.

    found = checked(upload)        # Upload(name, content), or a DomainError that says why not

Taken are PDF, pictures, documents of office programs and plain text. Pictures are drawn anew, so that nothing else
travels in them; documents with programs in them are refused, and so are archives that unpack to more than they should.
"""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps, UnidentifiedImageError

from prm.values.errors import DomainError

MOST_BYTES = 10 * 1024 * 1024
MOST_PIXELS = 40_000_000
MOST_PARTS, MOST_UNPACKED = 5000, 200 * 1024 * 1024
LONGEST_NAME = 120
OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
BAD_IN_NAMES = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\u200e\u200f\u202a-\u202e\u2066-\u2069]')


class FileTooLarge(DomainError):
    code = "file_too_large"
    message = _("The file is larger than %(most)s MB. Choose a smaller one.")


class FileEmpty(DomainError):
    code = "file_empty"
    message = _("The file is empty. Choose another.")


class FileRefused(DomainError):
    code = "file_refused"
    message = _("This kind of file is not taken. Choose a PDF, a picture, an Office document or plain text.")


class FileIsNotWhatItSays(DomainError):
    code = "file_is_not_what_it_says"
    message = _(
        "The file does not hold what its name says, or holds a program. Save it anew and choose it again."
    )


@dataclass(frozen=True)
class Upload:
    """A file that may be kept: its plain name and its content."""

    name: str
    content: bytes


def checked(upload: Any, *, most: int = MOST_BYTES) -> Upload:
    """The file as it may be kept. Raises FileTooLarge, FileEmpty, FileRefused or FileIsNotWhatItSays."""
    if upload.size > most:
        raise FileTooLarge(most=most // (1024 * 1024))
    if not upload.size:
        raise FileEmpty()
    name = plain_name(upload.name)
    check = _CHECKS.get(PurePath(name).suffix.lower())
    if check is None:
        raise FileRefused()
    upload.seek(0)
    return Upload(name, check(upload.read()))


def plain_name(name: str) -> str:
    """A file's name without folders, control and direction signs; the ending stays however long it is."""
    text = unicodedata.normalize("NFC", PurePath(name.replace("\\", "/")).name)
    path = PurePath(BAD_IN_NAMES.sub("_", text).strip(" .") or "file")
    return path.stem[: LONGEST_NAME - len(path.suffix)] + path.suffix[:LONGEST_NAME]


def _pdf(content: bytes) -> bytes:
    if not content.startswith(b"%PDF-"):
        raise FileIsNotWhatItSays()
    return content


def _picture(kind: str) -> Callable[[bytes], bytes]:
    def redraw(content: bytes) -> bytes:
        try:
            with Image.open(io.BytesIO(content), formats=[kind]) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    raise FileIsNotWhatItSays()
                picture.load()
                drawn = ImageOps.exif_transpose(picture)
                out = io.BytesIO()
                drawn.info.clear()
                drawn.save(out, kind, **({"quality": 90} if kind != "PNG" else {}))
        except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
            raise FileIsNotWhatItSays() from None
        return out.getvalue()

    return redraw


def _document(mark: str) -> Callable[[bytes], bytes]:
    """A zip as office programs write it; `mark` is the part that makes it one."""

    def check(content: bytes) -> bytes:
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                parts = archive.infolist()
        except (zipfile.BadZipFile, ValueError, NotImplementedError):
            raise FileIsNotWhatItSays() from None
        names = {part.filename for part in parts}
        too_much = len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED
        if mark not in names or too_much or any(name.lower().endswith("vbaproject.bin") for name in names):
            raise FileIsNotWhatItSays()
        return content

    return check


def _old_document(content: bytes) -> bytes:
    if not content.startswith(OLD_OFFICE) or "_VBA_PROJECT".encode("utf-16-le") in content:
        raise FileIsNotWhatItSays()
    return content


def _text(content: bytes) -> bytes:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return content
    raise FileIsNotWhatItSays()


_CHECKS: dict[str, Callable[[bytes], bytes]] = {
    ".pdf": _pdf,
    ".png": _picture("PNG"),
    ".jpg": _picture("JPEG"),
    ".jpeg": _picture("JPEG"),
    ".webp": _picture("WEBP"),
    ".txt": _text,
    ".csv": _text,
    **dict.fromkeys((".docx", ".xlsx", ".pptx"), _document("[Content_Types].xml")),
    **dict.fromkeys((".odt", ".ods", ".odp"), _document("mimetype")),
    **dict.fromkeys((".doc", ".xls", ".ppt"), _old_document),
}
ACCEPT = ",".join(_CHECKS)
