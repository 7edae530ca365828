"""Passwords in tests: the product's own kind, so that a running server accepts them, but cheap to make."""

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class QuickHasher(PBKDF2PasswordHasher):
    """A thousandth of the work."""

    iterations = 1000
