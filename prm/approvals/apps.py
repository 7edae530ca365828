from django.apps import AppConfig


class ApprovalsConfig(AppConfig):
    name = "prm.approvals"
    label = "approvals"
