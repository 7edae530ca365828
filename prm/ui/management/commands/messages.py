"""`manage.py messages`: bring the Chinese catalogue up to date with the code, and say what has no words yet."""

from django.core.management.base import BaseCommand

from prm.ui import catalogue

LANGUAGE = "zh_Hans"


class Command(BaseCommand):
    help = "Gather translatable strings into locale/zh_Hans; prints those that wait for a translation."
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument(
            "--check", action="store_true", help="change nothing; exit 1 when something is missing"
        )

    def handle(self, *, check, **options):
        found, waiting = catalogue.update(LANGUAGE)
        if not check:
            catalogue.write(found, LANGUAGE)
        for text in waiting:
            self.stdout.write(text)
        self.stderr.write(f"{len(found)} strings, {len(waiting)} without Chinese words")
        if check and waiting:
            raise SystemExit(1)
