"""Many pages on paper: one font configuration for a worker, and a font of just the characters that the papers hold.

    printer = printer_for(texts)        # kept in this thread; built anew only where a character is missing
    document, pages = printer.print(text)

Without it WeasyPrint opens the system's fonts for each paper, of which the Chinese ones weigh twenty megabytes.
`benchmarks/papers.py` measures what that is worth. Where the system has no such font, its own fonts are used as ever.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.conf import settings

from prm.files.paper import PdfMissing, refuse

FAMILY = "PaperFont"
ADDRESS = "paper:font"
# Where systems keep a font with Chinese characters, and the number of its simplified Chinese face in the file.
PLACES = (
    ("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", 2),
    ("/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc", 2),
    ("/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc", 2),
)
BASIC = frozenset(map(chr, range(0x20, 0x7F))) | frozenset("–—…·×−≥≤±¥€£“”‘’，。：；（）、%")
DROPPED = ("BASE", "GPOS", "GSUB", "VORG", "vhea", "vmtx")
_own = threading.local()


class Printer:
    """Lays out papers whose characters it knows. Not shared between threads."""

    def __init__(self, characters: Iterable[str]):
        try:
            from weasyprint import CSS
            from weasyprint.text.fonts import FontConfiguration
        except OSError as problem:
            raise PdfMissing(str(problem)) from problem
        self.characters = BASIC | frozenset(characters)
        self._font = subset_of(self.characters)
        self._configuration = FontConfiguration()
        self._sheets = []
        if self._font is not None:
            rule = (
                f"@font-face{{font-family:{FAMILY};src:url({ADDRESS})}}"
                f"body,code,pre{{font-family:{FAMILY},sans-serif !important}}"
            )
            sheet = CSS(string=rule, font_config=self._configuration, url_fetcher=self._fetch)
            self._sheets = [sheet]

    def print(self, text: str) -> tuple[bytes, int]:
        """HTML `text` as PDF, and how many pages it has. A text that names an address is refused."""
        from weasyprint import HTML

        paper = HTML(string=text, base_url=str(settings.BASE_DIR), url_fetcher=refuse)
        document = paper.render(stylesheets=self._sheets, font_config=self._configuration)
        return document.write_pdf(), len(document.pages)

    def _fetch(self, url: str, *args: Any, **kwargs: Any) -> Any:
        if url == ADDRESS and self._font is not None:
            from weasyprint.urls import URLFetcherResponse

            return URLFetcherResponse(url, self._font, {"Content-Type": "font/otf"})
        return refuse(url)


def printer_for(texts: Iterable[str]) -> Printer:
    """This thread's printer; it knows all characters of `texts` and of those before."""
    wanted = frozenset(character for text in texts for character in text)
    known: Printer | None = getattr(_own, "printer", None)
    if known is None or not wanted <= known.characters:
        _own.printer = Printer(wanted | (known.characters if known else frozenset()))
    return _own.printer


def subset_of(characters: Iterable[str]) -> bytes | None:
    """A font of just these characters; None where the system has none to take them from."""
    found = next(((path, face) for path, face in PLACES if Path(path).exists()), None)
    if found is None:
        return None
    from fontTools import subset
    from fontTools.ttLib import TTFont

    options = subset.Options()
    options.layout_features, options.name_IDs, options.hinting = [], [], False
    options.notdef_outline = options.desubroutinize = True
    options.drop_tables += DROPPED
    font = TTFont(found[0], fontNumber=found[1], lazy=True)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=[ord(character) for character in characters])
    cutter.subset(font)
    out = io.BytesIO()
    font.save(out)
    return out.getvalue()
