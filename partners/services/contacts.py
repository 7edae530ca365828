"""People at a partner whom one calls."""

from __future__ import annotations

from django.db import transaction

from partners.models import Contact, Partner
from prm.access.rules import require
from prm.audit.services import record
from prm.values.actor import Actor


@transaction.atomic
def save_contact(
    *,
    partner: Partner,
    name: str,
    title: str = "",
    email: str = "",
    phone: str = "",
    is_primary: bool = False,
    contact: Contact | None = None,
    by: Actor,
) -> Contact:
    """Add a contact or change `contact`. A new main contact takes the place of the one before."""
    require(by, "partners.manage_contacts", partner)
    partner = Partner.objects.locked(partner)
    contact = contact or Contact(partner=partner)
    before = contact.name or None
    contact.name, contact.title, contact.email, contact.phone = name.strip(), title, email, phone
    contact.is_primary = is_primary or not partner.contacts.exclude(pk=contact.pk).exists()
    if contact.is_primary:
        partner.contacts.exclude(pk=contact.pk).update(is_primary=False)
    contact.save()
    record(partner, "contact_saved", by=by, changes={"contact": [before, contact.name]})
    return contact


@transaction.atomic
def remove_contact(*, contact: Contact, by: Actor) -> None:
    """Take a contact off the list."""
    require(by, "partners.manage_contacts", contact)
    partner = Partner.objects.locked(contact.partner)
    record(partner, "contact_removed", by=by, changes={"contact": [contact.name, None]})
    contact.delete()
