from django.apps import AppConfig


class SearchConfig(AppConfig):
    name = "prm.search"
    label = "search"

    def ready(self) -> None:
        from prm.search.customers import register_customers
        from prm.search.products import register_products

        register_customers()
        register_products()
