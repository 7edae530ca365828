from django.apps import AppConfig


class TenancyConfig(AppConfig):
    name = "prm.tenancy"
    label = "tenancy"

    def ready(self) -> None:
        from prm.access import permissions
        from prm.access.roles import Role
        from prm.tenancy import checks  # noqa: F401 (registers itself)

        # Operators hold these by being operators; no role of a tenant does.
        for verb in ("create", "suspend", "resume", "delete", "export_tenant", "operate"):
            permissions.register(f"tenancy.{verb}", roles=[])
        permissions.register("tenancy.brand", roles=[Role.ADMINISTRATOR])
