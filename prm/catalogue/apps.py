from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    name = "prm.catalogue"
    label = "catalogue"
