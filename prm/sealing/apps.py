from django.apps import AppConfig


class SealingConfig(AppConfig):
    name = "prm.sealing"
    label = "sealing"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from prm.access import permissions
        from prm.access.roles import Role
        from prm.audit import words
        from prm.notices import kinds

        permissions.register(
            "audit.verify", label=_("Check the seals of the audit trail"), roles=[Role.ADMINISTRATOR]
        )
        permissions.register(
            "audit.configure",
            label=_("Say who receives the audit trail's seals"),
            roles=[Role.ADMINISTRATOR],
            sensitive=True,
        )
        words.register({"chain_verified": _("chain verified")})
        kinds.register(
            "audit.differs",
            title=_("The audit trail differs from its seals"),
            body=_("Places found: %(count)s. The page of the seal names them. Tell your operator at once."),
            icon="shield-lock",
            roles=[Role.ADMINISTRATOR],
        )
