"""What people do with their own account: change their profile and their password."""

from django.contrib.auth.password_validation import validate_password
from django.db import transaction

from activity.operations import record
from partners.models import Staff


def update_profile(
    *,
    staff: Staff,
    name: str | None = None,
    language: str | None = None,
    time_zone: str | None = None,
    theme: str | None = None,
) -> Staff:
    """Change what is given of this person's profile, leave the rest, and return the person as they are now.

    An empty language means "as the browser asks". Records what changed; where nothing did, records nothing.
    Raises `ValidationError`, by field, for a value that the profile cannot hold.
    """
    given = {"name": name, "language": language, "time_zone": time_zone, "theme": theme}
    wanted = {field: value for field, value in given.items() if value is not None}
    with transaction.atomic():
        person = Staff.objects.select_for_update().get(pk=staff.pk)
        before = person.preferences
        changes = {field: value for field, value in wanted.items() if value != before[field]}
        if changes:
            _save(person, changes)
            old = {field: before[field] for field in changes}
            record(actor=staff.actor, operation="update_profile", resource=person, before=old, after=changes)
    return person


def _save(person: Staff, changes: dict[str, str]) -> None:
    for field, value in changes.items():
        setattr(person, field, value)
    person.clean_fields(exclude={field.name for field in Staff._meta.fields} - changes.keys())
    person.save(update_fields=list(changes))


def change_password(*, staff: Staff, password: str) -> None:
    """Give this person a new password; every session of theirs ends unless its key is renewed.

    Raises `ValidationError` for a password that the portal's validators refuse.
    """
    validate_password(password, staff)
    with transaction.atomic():
        person = Staff.objects.select_for_update().get(pk=staff.pk)
        person.set_password(password)
        person.save(update_fields=["password"])
        record(actor=staff.actor, operation="change_password", resource=person)
    staff.password = person.password
