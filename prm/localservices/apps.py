from django.apps import AppConfig


class LocalservicesConfig(AppConfig):
    name = "prm.localservices"
    label = "localservices"
