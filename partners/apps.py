from django.apps import AppConfig


class PartnersConfig(AppConfig):
    name = "partners"
    label = "partners"

    def ready(self) -> None:
        from partners import approvals, conditions, own_fields, registrations, updates

        registrations.register()
        own_fields.register()
        conditions.register()
        conditions.register_changes()
        approvals.register()
        updates.register()
