from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.db import models
from django.urls import reverse
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from prm.values import clock


def in_language(english: str, chinese: str) -> str:
    """The Chinese words where the reader reads Chinese and they are written, else the English ones."""
    return chinese if chinese and (get_language() or "").startswith("zh") else english


class CustomFieldQuerySet(models.QuerySet["CustomField"]):
    def of(self, target: str) -> CustomFieldQuerySet:
        """The fields of a target that are in use, in their order."""
        return self.filter(target=target, deleted_at__isnull=True)

    def deleted_of(self, target: str) -> CustomFieldQuerySet:
        return self.filter(target=target, deleted_at__isnull=False).order_by("-deleted_at")


class CustomField(models.Model):
    """A fact that a tenant keeps about its partners, deals, orders …; values live in the row's `custom`."""

    class Kind(models.TextChoices):
        TEXT = "text", pgettext_lazy("kind of field", "Text")
        LONG_TEXT = "long_text", _("Long text")
        NUMBER = "number", pgettext_lazy("kind of field", "Number")
        MONEY = "money", pgettext_lazy("kind of field", "Money")
        DATE = "date", pgettext_lazy("kind of field", "Date")
        YES_NO = "yes_no", _("Yes or no")
        CHOICE = "choice", _("Choice")
        MANY = "many", _("Many choices")
        PERSON = "person", _("Person")
        PARTNER = "partner", _("Partner")
        FILE = "file", pgettext_lazy("kind of field", "File")
        LINK = "link", _("Link")
        COMPUTED = "computed", pgettext_lazy("kind of field", "Computed")
        REFERENCE = "reference", _("Reference number")

    # Never changes: values, layouts, conditions and imports know the field by it.
    target = models.CharField(max_length=40)
    code = models.CharField(_("code"), max_length=40)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    label = models.CharField(_("label"), max_length=80)
    label_zh = models.CharField(_("Chinese label"), max_length=80, blank=True)
    help = models.CharField(_("help text"), max_length=300, blank=True)
    help_zh = models.CharField(_("Chinese help text"), max_length=300, blank=True)
    required = models.BooleanField(_("required"), default=False)
    staff_only = models.BooleanField(_("staff only"), default=False)
    in_list = models.BooleanField(_("column in lists"), default=False)
    # Whether the one box and the searches of lists read it.
    searchable = models.BooleanField(_("found by search"), default=True)
    # By kind: choices [{code, label, label_zh}], places, expression, result, pattern.
    options = models.JSONField(default=dict, blank=True)
    position = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=clock.now)
    deleted_at = models.DateTimeField(null=True)
    # The last reference number that was given.
    counter = models.PositiveBigIntegerField(default=0)

    objects = CustomFieldQuerySet.as_manager()

    class Meta:
        ordering = ["position", "id"]
        verbose_name = _("custom field")
        constraints = [
            models.UniqueConstraint(fields=["target", "code"], name="custom_field_code_once_per_target"),
            models.CheckConstraint(
                name="custom_field_code_is_plain", condition=models.Q(code__regex=r"^[a-z][a-z0-9_]*$")
            ),
        ]

    def __str__(self) -> str:
        return self.words

    def get_absolute_url(self) -> str:
        return reverse("customfields:edit", args=[self.target, self.code])

    @property
    def name(self) -> str:
        """Its name in forms: `custom_<code>`."""
        return f"custom_{self.code}"

    @property
    def words(self) -> str:
        return in_language(self.label, self.label_zh)

    @property
    def in_each(self) -> dict[str, str]:
        """What people read who read English, and what those read who read Chinese."""
        return {"label": self.label, "label_zh": self.label_zh or self.label}

    @property
    def hint(self) -> str:
        return in_language(self.help, self.help_zh)

    @property
    def choices(self) -> list[tuple[str, str]]:
        """Codes and words of a choice's options."""
        return [
            (option["code"], in_language(option["label"], option.get("label_zh", "")))
            for option in self.options.get("choices", [])
        ]

    @property
    def places(self) -> int:
        return int(self.options.get("places", 2))

    @property
    def is_written(self) -> bool:
        """Whether people fill it in; computed values and reference numbers come by themselves."""
        return self.kind not in (self.Kind.COMPUTED, self.Kind.REFERENCE)


def stored_name(file: StoredFile, name: str) -> str:
    """Where a file lies: a name that nobody chose."""
    return f"own/{uuid4().hex}"


class StoredFile(models.Model):
    """A file that a field holds; the row's `custom` names it. One that no row names goes in the night."""

    target = models.CharField(max_length=40)
    code = models.CharField(max_length=40)
    name = models.CharField(_("name"), max_length=120)
    size = models.PositiveIntegerField(_("size"))
    digest = models.CharField(max_length=64)
    file = models.FileField(upload_to=stored_name)
    kept_at = models.DateTimeField(default=clock.now)
    kept_by = models.CharField(max_length=200)

    class Meta:
        ordering = ["id"]
        verbose_name = _("file")
        indexes = [models.Index(fields=["target", "code"], name="stored_file_by_field")]

    def __str__(self) -> str:
        return self.name


class FormLayout(models.Model):
    """What a form asks, in which order, of whom. A published one is never changed: the next draft takes its place."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("Published")
        RETIRED = "retired", _("Retired")

    target = models.CharField(max_length=40)
    # A registration type's code and a role, or "partner" or "staff"; empty: for all.
    variant = models.CharField(max_length=40, blank=True)
    role = models.CharField(max_length=20, blank=True)
    version = models.PositiveIntegerField()
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAFT)
    document = models.JSONField(default=dict)
    saved_at = models.DateTimeField(default=clock.now)
    saved_by = models.CharField(max_length=200, blank=True)
    published_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["target", "variant", "role", "-version"]
        verbose_name = _("form")
        constraints = [
            models.UniqueConstraint(
                fields=["target", "variant", "role", "version"], name="form_version_once"
            ),
            models.UniqueConstraint(
                fields=["target", "variant", "role"],
                name="one_draft_of_a_form",
                condition=models.Q(state="draft"),
            ),
            models.UniqueConstraint(
                fields=["target", "variant", "role"],
                name="one_published_version_of_a_form",
                condition=models.Q(state="published"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.target} {self.variant} {self.role} v{self.version}".replace("  ", " ")

    @property
    def sections(self) -> list[dict[str, Any]]:
        return self.document.get("sections", [])
