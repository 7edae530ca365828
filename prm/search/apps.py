from django.apps import AppConfig


class SearchConfig(AppConfig):
    name = "prm.search"
    label = "search"
