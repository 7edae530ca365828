"""Nobody sees what is not theirs: every address, GET and POST, every role, strangers' identifiers everywhere."""

from __future__ import annotations

import sys
import types

import pytest
from django.http import HttpResponse
from django.urls import include, path

from prm.access.decorators import requires
from tests.isolation import strangers, walk

ROLES = ("visitor", "partner sales", "partner administrator", "manager")


@pytest.mark.parametrize("role", ROLES)
def test_nobody_meets_what_belongs_to_a_rival(made, role):
    found = walk.leaks(made, role)
    assert not found, "\n".join(found)


def test_an_address_that_nobody_thought_of_fails_the_walk(made):
    with pytest.raises(strangers.NobodySaidWhose):
        strangers.identifiers_for("warehouses/<int:pk>/", {"pk"}, made.rival)


def test_the_table_of_identifiers_names_no_address_that_is_gone():
    unused = walk.unused_prefixes()
    assert not unused, unused


def test_a_view_that_leaks_is_found(made, settings):
    """The walk itself can fail: a view that forgets to ask who may see is reported, and none of its neighbours."""
    secret = made.secrets["customer"]

    @requires("dealreg.view")
    def leaking(request, number):
        return HttpResponse(f"{number}: {secret}")

    module = types.ModuleType("tests.isolation.leaky_urls")
    module.urlpatterns = [path("deals/<str:number>/peek/", leaking), path("", include("prm.config.urls"))]
    sys.modules[module.__name__] = module
    settings.ROOT_URLCONF = module.__name__
    found = walk.leaks(made, "partner sales", module.__name__, below="deals/")
    assert all("peek" in what for what in found)
    assert any("peek" in what and "answered 200" in what for what in found)
    assert any("peek" in what and "customer" in what for what in found)
