from __future__ import annotations

from datetime import time

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from prm.values import clock
from prm.values.secrets import decrypt, encrypt


class Notice(models.Model):
    """Something a person should know, in the inbox; its text is made from `kind` and `values` for its reader."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=60)
    values = models.JSONField(default=dict)
    link = models.CharField(max_length=200, blank=True)
    # The same fact told twice is stored once: listeners may run again.
    fact = models.CharField(max_length=120)
    created_at = models.DateTimeField(default=clock.now)
    read_at = models.DateTimeField(null=True)
    # When the person's next digest is due, and when it was written; empty: it stands in none.
    digest_due = models.DateTimeField(null=True)
    digested_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["user", "fact"], name="one_notice_per_fact")]
        indexes = [
            models.Index(fields=["user", "-id"], name="notices_of_user"),
            models.Index(fields=["user"], name="notices_unread", condition=models.Q(read_at__isnull=True)),
            models.Index(
                fields=["digest_due"],
                name="notices_for_digest",
                condition=models.Q(digest_due__isnull=False, digested_at__isnull=True),
            ),
            models.Index(fields=["kind", "-id"], name="notices_by_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.user}"


class Preference(models.Model):
    """How a person wants to hear of one kind of notice; without a row: in the inbox and by e-mail at once."""

    class Delivery(models.TextChoices):
        MAIL = "mail", _("Inbox, and e-mail at once")
        DIGEST = "digest", _("Inbox, and the daily digest")
        INBOX = "inbox", _("Inbox only")
        OFF = "off", _("Not at all")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=60)
    delivery = models.CharField(max_length=8, choices=Delivery.choices, db_default="inbox", default="inbox")

    class Meta:
        # Rows of before said only "not by e-mail", which is what the column's default says.
        db_table = "notices_noletter"
        constraints = [models.UniqueConstraint(fields=["user", "kind"], name="one_choice_per_kind")]

    def __str__(self) -> str:
        return f"{self.kind} for {self.user}: {self.delivery}"


class NoticeTimes(models.Model):
    """When a person wants letters: in which zone, not during which hours, and when the digest comes."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    # Empty: the tenant's.
    time_zone = models.CharField(_("time zone"), max_length=40, blank=True)
    quiet_from = models.TimeField(_("quiet from"), null=True)
    quiet_to = models.TimeField(_("quiet until"), null=True)
    digest_at = models.TimeField(_("digest at"), default=time(8, 0))

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="quiet_hours_have_both_ends",
                condition=models.Q(quiet_from__isnull=True, quiet_to__isnull=True)
                | models.Q(quiet_from__isnull=False, quiet_to__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.digest_at}"


class LetterText(models.Model):
    """The tenant's own words for one letter in one language, with {placeholders} from the letter's list."""

    name = models.CharField(_("letter"), max_length=60)
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES)
    subject = models.CharField(_("subject"), max_length=200)
    # Paragraphs, with an empty line between them.
    body = models.TextField(_("text"))
    changed_at = models.DateTimeField(default=clock.now)
    changed_label = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("words of a letter")
        constraints = [models.UniqueConstraint(fields=["name", "language"], name="one_text_per_letter")]

    def __str__(self) -> str:
        return f"{self.name} ({self.language})"


class Sender(models.Model):
    """In whose name the tenant's letters leave; one row."""

    name = models.CharField(_("sender's name"), max_length=80, blank=True)
    reply_to = models.EmailField(_("answers go to"), blank=True)
    changed_at = models.DateTimeField(default=clock.now)
    changed_label = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("sender of letters")
        constraints = [models.CheckConstraint(name="one_sender", condition=models.Q(pk=1))]

    def __str__(self) -> str:
        return str(_("Sender of letters"))


class Letter(models.Model):
    """An e-mail that leaves after the commit. In demo mode, without a mail server, it is read on the mailbox page."""

    to = models.CharField(_("to"), max_length=254)
    subject = models.CharField(_("subject"), max_length=250)
    text = models.TextField()
    html = models.TextField(blank=True)
    language = models.CharField(max_length=10, default="en")
    fact = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    sent_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(default=clock.now)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["to", "fact"], name="one_letter_per_fact", condition=~models.Q(fact="")
            )
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"], name="letters_open", condition=models.Q(sent_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return f"{self.subject} → {self.to}"


class PushKey(models.Model):
    """The pair of keys by which push services know this tenant; one row."""

    sealed_private = models.TextField()
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.CheckConstraint(name="one_push_key", condition=models.Q(pk=1))]

    def __str__(self) -> str:
        return "push key"

    @property
    def private(self) -> str:
        return decrypt(self.sealed_private)

    @private.setter
    def private(self, text: str) -> None:
        self.sealed_private = encrypt(text)


class Device(models.Model):
    """A browser that shows notices to one person also when the portal is not open."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="devices")
    name = models.CharField(_("device"), max_length=120, blank=True)
    # Of the address: a browser belongs to one person at a time.
    digest = models.CharField(max_length=64, unique=True)
    # Encrypted: whoever has the address and the keys can write to the device.
    sealed_subscription = models.TextField()
    created_at = models.DateTimeField(_("created"), default=clock.now)
    last_ok_at = models.DateTimeField(_("last taken"), null=True)

    class Meta:
        verbose_name = _("device")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name or str(_("Browser"))

    @property
    def subscription(self) -> str:
        return decrypt(self.sealed_subscription)

    @subscription.setter
    def subscription(self, text: str) -> None:
        self.sealed_subscription = encrypt(text)


class PushMessage(models.Model):
    """One notice on its way to one device; without a next try it is done with."""

    device = models.ForeignKey(Device, models.CASCADE, related_name="messages")
    key = models.CharField(max_length=160)
    content = models.JSONField(default=dict)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, default=clock.now)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["device", "key"], name="one_push_per_fact")]
        indexes = [
            models.Index(
                fields=["next_try_at"], name="pushes_open", condition=models.Q(next_try_at__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return f"{self.key} → {self.device}"
