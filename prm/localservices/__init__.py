"""PostgreSQL and a broker for bin/demo, bin/manage and the tests when none is configured.

Nothing in this package imports Django: it runs before the settings can be read.
"""
