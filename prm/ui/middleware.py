"""The request's language and zone, and domain errors that nobody caught."""

from collections.abc import Callable

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers

from prm.ui import errors, language
from prm.values.clock import tenant_zone
from prm.values.errors import DomainError, NotAllowed


class LanguageMiddleware:
    """The user's choice, else the cookie's, else what the browser says; times in the tenant's zone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        translation.activate(translation.get_language_from_request(request))
        request.LANGUAGE_CODE = translation.get_language()
        with timezone.override(tenant_zone()):
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", translation.get_language())
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        return response

    def process_view(self, request: HttpRequest, view, args, kwargs) -> None:
        """Runs when the person is known, which is after every middleware has been entered."""
        user = getattr(request, "user", None)
        if getattr(request, "support", None):  # an operator who acts for somebody reads in their own language
            return
        chosen = getattr(user, "language", "") if user is not None and user.is_authenticated else ""
        if chosen and chosen in dict(settings.LANGUAGES):
            translation.activate(chosen)
            request.LANGUAGE_CODE = chosen
        elif user is not None and user.is_authenticated:
            language.seen(request, request.LANGUAGE_CODE)


class NulByteMiddleware:
    """An address or a form with a NUL byte names nothing: PostgreSQL has no text for it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view, args, kwargs) -> None:
        sent = (text for data in (request.GET, request.POST) for texts in data.lists() for text in texts[1])
        if "\x00" in request.path or any("\x00" in text for text in sent):
            raise Http404


class DomainErrorMiddleware:
    """A rule's refusal that no form showed becomes a page with its sentence, never a 500."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, NotAllowed):
            return errors.forbidden(request, error)
        if isinstance(error, DomainError):
            return render(
                request, "ui/refused.html", {"sentence": error.text, "code": error.code}, status=409
            )
        return None
