from django.apps import AppConfig


class StarterConfig(AppConfig):
    name = "prm.starter"
    label = "starter"
