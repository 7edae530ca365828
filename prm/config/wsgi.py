"""The WSGI application that the web server runs."""

import os

from django.core.wsgi import get_wsgi_application

from prm.localservices import privilege

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prm.config.settings")
if os.environ.get("PRM_SUPERVISED"):
    privilege.die_with_parent()  # under bin/demo: a web process whose server was killed must not keep the port
application = get_wsgi_application()

from prm.config.collecting import collect_rarely  # noqa: E402
from prm.tenancy.checks import refuse_stray_tables  # noqa: E402 (needs the apps, which are loaded now)

refuse_stray_tables()
collect_rarely()
