from django.apps import AppConfig


class MeasuresConfig(AppConfig):
    name = "prm.measures"
    label = "measures"
