"""Operators: the people who run the installation, apart from every tenant's users; always with a second factor."""
