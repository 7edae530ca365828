from django.utils.translation import gettext_lazy as _

from prm.values.errors import DomainError, Unusual


class NoRate(DomainError):
    """Nothing is converted without a rate, and no rate is guessed."""

    code = "no_rate"
    message = _(
        "There is no confirmed rate %(pair)s for %(day)s at the source “%(source)s”, nor in the %(days)s days before. "
        "Enter one."
    )


class RateExists(DomainError):
    code = "rate_exists"
    field = "value"
    message = _("%(pair)s of %(day)s is %(value)s already. To correct it, say so.")


class RateFarOff(Unusual):
    code = "rate_far_off"
    field = "value"
    message = _(
        "%(pair)s of %(day)s is %(rate)s here; the last one known is %(known)s of %(known_day)s. That is %(percent)s."
        " Is it meant so?"
    )


class RateWaits(DomainError):
    code = "rate_waits"
    field = "value"
    message = _("%(pair)s of %(day)s was entered already and waits for its confirmation.")


class OtherDirection(DomainError):
    code = "rate_other_direction"
    field = "base"
    message = _("The source has this pair as %(pair)s on that day. Enter it that way round.")


class SameCurrency(DomainError):
    code = "same_currency"
    field = "quote"
    message = _("A rate is between two currencies.")


class UnknownCurrency(DomainError):
    code = "unknown_currency"
    message = _("%(code)s is no currency.")


class RateOutOfRange(DomainError):
    code = "rate_out_of_range"
    field = "value"
    message = _("A rate is above zero, has at most ten digits before and eight after the point.")


class RateInTheFuture(DomainError):
    code = "rate_in_the_future"
    field = "day"
    message = _("Nobody knows the rate of a day to come. Today is %(today)s.")


class NothingEntered(DomainError):
    code = "nothing_entered"
    message = _("There is no rate to enter.")


class AlreadyDecided(DomainError):
    code = "rates_decided"
    message = _("%(person)s decided on these rates already.")


class SecondPersonDecides(DomainError):
    code = "rates_second_person"
    message = _("%(person)s entered these rates. Somebody else confirms them.")
