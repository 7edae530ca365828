"""Addresses of a module: unknown while it is off, to everybody, as if they had never been."""

from __future__ import annotations

from typing import Any

from django.urls import URLResolver, include
from django.urls.exceptions import Resolver404
from django.urls.resolvers import RoutePattern

from prm.modules.registry import is_on


class ModuleResolver(URLResolver):
    """Resolves only while its module is on. Links can always be made: whoever shows one asks for the verb."""

    module = ""

    def resolve(self, path: Any) -> Any:
        if not is_on(self.module):
            raise Resolver404({"path": str(path), "tried": []})
        return super().resolve(path)


def module_urls(code: str, urlconf: str) -> URLResolver:
    """In place of `path("", include(urlconf))`."""
    urls, app_name, namespace = include(urlconf)
    made = ModuleResolver(
        RoutePattern("", is_endpoint=False), urls, None, app_name=app_name, namespace=namespace
    )
    made.module = code
    return made
