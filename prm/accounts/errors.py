from django.utils.translation import gettext_lazy as _

from prm.values.errors import DomainError


class EmailTaken(DomainError):
    code = "email_taken"
    message = _("Somebody already signs in with this e-mail. Find them in the list of users.")
    field = "email"


class ColleagueAlready(DomainError):
    code = "colleague_already"
    message = _("This person belongs to your company already. Find them in the list of people.")
    field = "email"


class AlreadyInvited(DomainError):
    code = "already_invited"
    message = _("This address has an open invitation. Send it again from the list, or withdraw it first.")
    field = "email"


class PartnerNeeded(DomainError):
    code = "partner_needed"
    message = _("Choose the partner that this person works for.")
    field = "partner"


class NoPartnerForStaff(DomainError):
    code = "no_partner_for_staff"
    message = _("Your own staff belong to no partner. Leave the partner empty.")
    field = "partner"


class RoleNotOffered(DomainError):
    code = "role_not_offered"
    message = _("You may not give this role.")
    field = "role"


class InvitationNotOpen(DomainError):
    code = "invitation_not_open"
    message = _("This invitation is no longer open. Ask for a new one.")


class AddressInUse(DomainError):
    code = "address_in_use"
    message = _(
        "With this address somebody already signs in here. Sign in, or ask for an invitation to another one."
    )


class LastAdministrator(DomainError):
    code = "last_administrator"
    message = _("This is the last administrator. Make somebody else administrator first.")


class NotOneself(DomainError):
    code = "not_oneself"
    message = _("You cannot do this to your own account. Ask another administrator.")


class StaffStaysStaff(DomainError):
    code = "staff_stays_staff"
    message = _("A partner's person cannot become staff, nor staff a partner's person. Invite them anew.")
    field = "role"


class AlreadyInactive(DomainError):
    code = "already_inactive"
    message = _("This person has already been deactivated.")


class AlreadyActive(DomainError):
    code = "already_active"
    message = _("This person is active already.")


class WeakPassword(DomainError):
    code = "weak_password"
    message = "%(reasons)s"
    field = "password"


class ReportsToItself(DomainError):
    code = "reports_to_itself"
    message = _("%(person)s reports to this person already, directly or over others. Choose somebody else.")
    field = "manager"


class ManagerGone(DomainError):
    code = "manager_gone"
    message = _("%(person)s is deactivated. Choose somebody else.")
    field = "manager"


class ManagerOfAnotherHouse(DomainError):
    code = "manager_of_another_house"
    message = _("%(person)s works for another company. Choose somebody else.")
    field = "manager"


class NotYoursToGive(DomainError):
    """Nobody grants what they do not hold."""

    code = "not_yours_to_give"
    message = _("You do not hold this yourself, so you cannot give it: %(names)s.")
    field = "role"


class UnknownVerbs(DomainError):
    code = "unknown_permissions"
    message = _("There is no such permission for a role: %(names)s.")
    field = "may"


class BaseStays(DomainError):
    code = "role_base_stays"
    message = _("A role keeps the built-in role that it was made from. Make another one.")
    field = "base"


class RoleNameTaken(DomainError):
    code = "role_name_taken"
    message = _("Another role is called so already.")
    field = "name"


class RoleInUse(DomainError):
    code = "role_in_use"
    message = _(
        "The role is in use: people %(people)s, open invitations %(invitations)s. Give them another role first."
    )
