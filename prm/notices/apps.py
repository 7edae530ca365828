from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "prm.notices"
    label = "notices"
