from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "prm.config"
    label = "config"

    def ready(self) -> None:
        from prm.config import celery  # noqa: F401  # from here on tasks go to the configured broker
        from prm.config.health import readiness
        from prm.tenancy.health import register_readiness

        register_readiness(readiness)
