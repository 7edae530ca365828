from django.utils.translation import gettext_lazy as _

from prm.values.errors import DomainError


class QuietHoursNeedBoth(DomainError):
    code = "quiet_hours_need_both"
    field = "quiet_to"
    message = _("Quiet hours need a beginning and an end. Fill in both, or neither.")


class DigestInQuietHours(DomainError):
    code = "digest_in_quiet_hours"
    field = "digest_at"
    message = _("%(at)s lies in your quiet hours. Let the digest come at %(end)s or later.")


class UnknownPlaceholder(DomainError):
    code = "unknown_placeholder"
    field = "body"
    message = _("%(wrong)s is not known here. Use only the placeholders that the page names.")


class NoText(DomainError):
    code = "no_text"
    field = "body"
    message = _("The letter has no text. Write at least one paragraph.")


class DeviceUnfit(DomainError):
    code = "device_unfit"
    message = _("This browser gave no subscription that can be used. Try again, or use another browser.")
