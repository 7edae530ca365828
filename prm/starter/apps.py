from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class StarterConfig(AppConfig):
    name = "prm.starter"
    label = "starter"

    def ready(self) -> None:
        from prm.starter import kit
        from prm.tenancy.provisioning import on_created

        autodiscover_modules("starter", "demo")
        on_created(kit.apply, order=10)
