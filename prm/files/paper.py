"""Pages on paper: a template's text laid out as PDF. Nothing is fetched on the way: all it needs stands in its text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render


class PdfMissing(RuntimeError):
    """The system library that lays out pages (Pango) is not installed."""


def pdf_of(text: str) -> bytes:
    """HTML `text` as PDF. Raises PdfMissing where Pango is absent; ValueError where the text names another address."""
    try:
        from weasyprint import HTML
    except OSError as problem:
        raise PdfMissing(str(problem)) from problem
    return HTML(string=text, base_url=str(settings.BASE_DIR), url_fetcher=refuse).write_pdf()


def refuse(url: str, *args: Any, **kwargs: Any) -> Any:
    """Nothing is fetched while a page is laid out."""
    raise ValueError(f"not fetched: {url}")


def answer(request: Any, make: Callable[[], str], *, about: Any, number: str) -> HttpResponse:
    """The paper whose text `make` gives, as NUMBER.pdf; where none can be made, a page that says so (503)."""
    try:
        document = pdf_of(make())
    except PdfMissing:
        return render(request, "files/no_pdf.html", {"about": about, "number": number}, status=503)
    found = HttpResponse(document, content_type="application/pdf")
    found["Content-Disposition"] = f'attachment; filename="{number}.pdf"'
    return found
