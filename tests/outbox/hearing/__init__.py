"""An app of the tests with one event and two listeners, which write what they hear into a table that allows doubles."""
