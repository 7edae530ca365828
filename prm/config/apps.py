from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "prm.config"
    label = "config"
