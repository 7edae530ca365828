"""`manage.py events`: print the catalogue of events to docs/reference/events.md."""

from django.core.management.base import BaseCommand

from prm.config import eventpage


class Command(BaseCommand):
    help = "Write docs/reference/events.md from the declarations; --check only compares."
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("--check", action="store_true", help="change nothing; exit 1 when it differs")

    def handle(self, *, check, **options):
        text = eventpage.page()
        if check:
            if eventpage.PAGE.read_text(encoding="utf-8") != text:
                raise SystemExit("docs/reference/events.md is not what the code says: run bin/manage events")
            return
        eventpage.PAGE.write_text(text, encoding="utf-8")
        self.stdout.write(f"{eventpage.PAGE}: {text.count('### ')} events")
