from django.apps import AppConfig


class ConditionsConfig(AppConfig):
    name = "prm.conditions"
    label = "conditions"
