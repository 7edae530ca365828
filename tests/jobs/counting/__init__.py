"""An app of the tests with one kind of job, which counts its steps in a table that allows doubles."""
