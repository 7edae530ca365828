from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "prm.audit"
    label = "audit"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from prm.access import permissions
        from prm.access.roles import Role
        from prm.audit.services import record
        from prm.ui import export, menu
        from prm.values.actor import Actor

        permissions.register(
            "audit.view", label=_("See the audit trail"), roles=[Role.ADMINISTRATOR], reads=True
        )
        permissions.register(
            "audit.export",
            label=_("Export the audit trail"),
            roles=[Role.ADMINISTRATOR],
            sensitive=True,
            reads=True,
        )
        menu.register(
            section="Set-up",
            label=_("Audit trail"),
            icon="history",
            url="audit:list",
            verb="audit.view",
            order=200,
        )

        def note_export(by: Actor, taken: export.Taken) -> None:
            told = {"format": taken.kind.upper(), "filter": taken.narrowed, "rows": taken.rows}
            changes = {name: [None, value] for name, value in told.items() if value not in (None, "")}
            record(None, "exported", by=by, reason=taken.title, label=taken.title, changes=changes)

        export.listeners.append(note_export)
