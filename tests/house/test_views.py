"""Every address says who may call it; every menu entry leads somewhere."""

from importlib import import_module

from django.conf import settings
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

from prm.access import permissions
from prm.ui import menu

SITES = (settings.ROOT_URLCONF, settings.PUBLIC_SCHEMA_URLCONF)


def views(patterns, prefix=""):
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from views(pattern.url_patterns, prefix + str(pattern.pattern))
        elif isinstance(pattern, URLPattern):
            yield prefix + str(pattern.pattern), pattern.callback


def says(view) -> bool:
    marks = ("required_verbs", "is_public", "is_for_signed_in", "is_for_operators")
    return any(
        getattr(holder, mark, False) for holder in (view, getattr(view, "view_class", None)) for mark in marks
    )


def test_every_address_of_a_tenant_says_who_may_call_it():
    found = [address for address, view in views(get_resolver(SITES[0]).url_patterns) if not says(view)]
    assert found == []


def test_every_address_of_the_public_site_says_who_may_call_it():
    found = [address for address, view in views(get_resolver(SITES[1]).url_patterns) if not says(view)]
    assert found == []


def test_the_verbs_that_views_name_are_registered():
    named = {
        verb
        for _a, view in views(get_resolver(SITES[0]).url_patterns)
        for verb in getattr(view, "required_verbs", ())
    }
    assert sorted(named - set(permissions.everything())) == []


def test_every_menu_entry_leads_somewhere():
    lost = []
    for entry in menu.all_entries():
        for site in SITES:
            try:
                reverse(entry.url, urlconf=import_module(site))
                break
            except NoReverseMatch:
                continue
        else:
            lost.append(entry.url)
        if entry.verb and entry.verb not in permissions.everything():
            lost.append(f"{entry.url}: {entry.verb}")
    assert lost == []


def test_each_shortcut_key_belongs_to_one_entry_of_an_audience():
    taken = [(entry.audience, entry.key) for entry in menu.all_entries() if entry.key]
    assert len(taken) == len(set(taken))
