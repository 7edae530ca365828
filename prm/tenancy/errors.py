from django.utils.translation import gettext_lazy as _

from prm.values.errors import DomainError


class SlugInvalid(DomainError):
    code = "slug_invalid"
    message = _(
        "“%(slug)s” cannot be an address. Use a-z, 0-9 and hyphens, at most 40, beginning with a letter."
    )
    field = "slug"


class SlugReserved(DomainError):
    code = "slug_reserved"
    message = _("The address “%(slug)s” is kept for the installation itself. Choose another one.")
    field = "slug"


class SlugTaken(DomainError):
    code = "slug_taken"
    message = _("There is a tenant “%(slug)s” already. Choose another address.")
    field = "slug"


class NameMissing(DomainError):
    code = "name_missing"
    message = _("Give the tenant a name.")
    field = "name"


class LanguageUnknown(DomainError):
    code = "language_unknown"
    message = _("“%(language)s” is no language of this product. Choose one of: %(known)s.")
    field = "language"


class CurrencyUnknown(DomainError):
    code = "currency_unknown"
    message = _("“%(currency)s” is no currency. Use a code such as CNY or EUR.")
    field = "currency"


class CurrencyInUse(DomainError):
    code = "currency_in_use"
    message = _("The currency cannot change: there are amounts in %(currency)s already.")
    field = "currency"


class ZoneUnknown(DomainError):
    code = "zone_unknown"
    message = _("“%(zone)s” is no time zone. Use a name such as Asia/Shanghai.")
    field = "time_zone"


class ColourInvalid(DomainError):
    code = "colour_invalid"
    message = _("“%(colour)s” is no colour. Write it as # and six hexadecimal digits, such as #3150c8.")
    field = "accent"


class LogoInvalid(DomainError):
    code = "logo_invalid"
    message = _("This file is no picture that can be used. Upload a PNG, JPEG or WebP of at most 2 MB.")
    field = "logo"


class TenantNotFound(DomainError):
    code = "tenant_not_found"
    message = _("There is no tenant “%(slug)s”.")
    field = "slug"


class AlreadySuspended(DomainError):
    code = "already_suspended"
    message = _("%(name)s is suspended already.")


class NotSuspended(DomainError):
    code = "not_suspended"
    message = _("%(name)s is not suspended.")


class ReasonMissing(DomainError):
    code = "reason_missing"
    message = _("Say why: the reason is kept in the log.")
    field = "reason"


class ConfirmationWrong(DomainError):
    code = "confirmation_wrong"
    message = _("This is not the tenant's address. Type “%(slug)s” to go on.")
    field = "confirmation"


class NoExportYet(DomainError):
    code = "no_export_yet"
    message = _("Nothing is deleted before an export is written. Wait until the export of %(name)s is done.")


class OperatorExists(DomainError):
    code = "operator_exists"
    message = _("There is an operator %(email)s already.")
    field = "email"


class PasswordTooWeak(DomainError):
    code = "password_too_weak"
    message = _("This password is too weak: %(why)s")
    field = "password"


class ModuleOff(DomainError):
    code = "module_off"
    message = _("The module %(name)s is switched off for this tenant.")


class ModuleUnknown(DomainError):
    code = "module_unknown"
    message = _("There is no module “%(code)s”. There are: %(known)s.")


class ModuleNeeded(DomainError):
    code = "module_needed"
    message = _("%(names)s cannot work without %(name)s. Switch off %(names)s first.")


class ModuleNeedsOthers(DomainError):
    code = "module_needs_others"
    message = _("%(name)s cannot work without %(names)s. Switch on %(names)s first.")
