from django.apps import AppConfig


class SpreadsheetsConfig(AppConfig):
    name = "prm.spreadsheets"
    label = "spreadsheets"
