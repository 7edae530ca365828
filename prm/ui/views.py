"""Pages of the frame: language, script, menu and shortcuts for those without scripts."""

from django.conf import settings
from django.http import HttpResponse, HttpResponseNotModified
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from prm.access.decorators import public, safe_while_acting, signed_in
from prm.ui import language as languages
from prm.ui import script


@public
@safe_while_acting
@require_POST
def language(request):
    """Keep the language that the person chose: in the account when signed in, and in a cookie for this browser."""
    back = request.headers.get("referer", "")
    if not url_has_allowed_host_and_scheme(
        back, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        back = "/"
    response = redirect(back)
    code = request.POST.get("language", "")
    if code in dict(settings.LANGUAGES):
        languages.choose(request, code)
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            code,
            max_age=365 * 24 * 3600,
            samesite="Lax",
            secure=request.is_secure(),
        )
    return response


@public
@require_GET
def ui_script(request):
    """The joined script; its address changes with its content, so it may be kept for a year."""
    text, fingerprint = script.joined()
    if request.headers.get("if-none-match") == f'"{fingerprint}"':
        return HttpResponseNotModified()
    response = HttpResponse(text, content_type="text/javascript; charset=utf-8")
    response["ETag"] = f'"{fingerprint}"'
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


@signed_in
@require_GET
def menu(request):
    return render(request, "ui/menu.html")


@signed_in
@require_GET
def shortcuts(request):
    return render(request, "ui/shortcuts.html")
