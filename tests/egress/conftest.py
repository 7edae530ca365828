import django
import pytest

django.setup()  # this file is read before pytest-django sets up, when it is named on the command line

from prm.egress.addresses import allowed_entry  # noqa: E402
from tests.egress.receiver import Outside, serve  # noqa: E402


@pytest.fixture
def outside(settings):
    """A host outside that the operator has listed."""
    made = Outside()
    server = serve(made)
    settings.EGRESS_ALLOW = [allowed_entry(f"http://127.0.0.1:{made.port}")]
    yield made
    server.shutdown()
    server.server_close()
