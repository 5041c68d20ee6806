"""What people do with their own account: change their profile, their password and how they sign in."""

from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.urls import reverse
from django.utils import formats, timezone, translation

from activity.errors import Refused
from activity.models import ActorKind, Outcome
from activity.operations import Actor, record
from activity.origin import current_origin
from partners.mail import absolute, send_later
from partners.models import Partner, Staff
from partners.preferences import zone_of
from partners.roles import Permission


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
    _set_password(staff, password, operation="change_password")


def reset_password(*, staff: Staff, password: str) -> None:
    """The same for a person who came by the link in a mail, and has forgotten the old one."""
    _set_password(staff, password, operation="reset_password")


def _set_password(staff: Staff, password: str, *, operation: str) -> None:
    validate_password(password, staff)
    with transaction.atomic():
        person = Staff.objects.select_for_update(of=("self",)).get(pk=staff.pk)
        person.set_password(password)
        person.save(update_fields=["password"])
        end_tokens(person)
        note_change(staff=person, operation=operation, mail="password_changed")
    staff.password = person.password


def end_tokens(staff: Staff) -> None:
    """End every token by which a program acts in this person's name; they can agree to it once more."""
    from allauth.idp.oidc.models import Token

    Token.objects.filter(user=staff).delete()


def note_change(*, staff: Staff, operation: str, mail: str = "", **after: Any) -> None:
    """Record that this person changed how they sign in, and mail them so, in the transaction of the change.

    `mail` is the template of the mail, if there is one.
    """
    record(actor=staff.actor, operation=operation, resource=staff, after=after or None)
    if mail:
        tell_of_change(staff, mail, **after)


def tell_of_change(staff: Staff, mail: str, *, to: str = "", **words: Any) -> None:
    """Mail this person what was changed of how they sign in, when and from where.

    Where somebody else changed it, `address=""` keeps that person's address out of the mail. `to` is where the mail
    goes where that is not the person's e-mail address.
    """
    language = staff.language or translation.get_language() or settings.LANGUAGE_CODE
    with translation.override(language), timezone.override(zone_of(staff)):
        now = formats.date_format(timezone.localtime(), "DATETIME_FORMAT")
    context = {
        "name": str(staff),
        "at": f"{now} ({staff.time_zone})",
        "address": current_origin().address,
        "link": absolute(reverse("account_reset_password")),
        **words,
    }
    send_later(to=[to or staff.email], language=language, template=mail, context=context)


def refuse_sign_in(*, email: str, reason: str) -> None:
    """Record that somebody was not let in with this address; whose it is none of is not written down.

    What is typed there by mistake may be a password.
    """
    refuse_factor(staff=Staff.objects.of_address(email), operation="sign_in", reason=reason)


def refuse_factor(*, staff: Staff | None, operation: str, reason: str) -> None:
    """Record that this person, or somebody unknown, did not show who they are; nothing where there is no reason."""
    if not reason:
        return
    record(
        actor=staff.actor if staff is not None else Actor(kind=ActorKind.STAFF),
        operation=operation,
        resource=staff,
        outcome=Outcome.REFUSED,
        reasons=[reason],
    )


def take_second_factors(*, staff: Staff, person: Staff) -> bool:
    """Take away all second factors and recovery codes of a person who has lost them; whether there were any.

    Who may do that is asked by the caller. The person is told by mail.
    """
    from allauth.mfa.models import Authenticator

    with transaction.atomic():
        held = Staff.objects.select_for_update(of=("self",)).select_related("partner").get(pk=person.pk)
        rows = Authenticator.objects.filter(user=held)
        kinds = sorted(rows.values_list("type", flat=True))
        if not kinds:
            return False
        rows.delete()
        before = {"email": held.email, "factors": kinds}
        record(
            actor=staff.actor,
            operation="take_second_factors",
            resource=held,
            partner=held.partner,
            before=before,
            after={"factors": []},
        )
        tell_of_change(held, "second_factors_taken", address="")
    return True


class NotAllowed(Refused):
    """The person's roles do not allow it."""

    codes = ("role",)


def require_second_factor(*, staff: Staff, required: bool) -> bool:
    """Ask everyone of the person's partner for a second factor, or no longer; whether that changed anything.

    Raises `NotAllowed`, and leaves a record of it, where the person's roles do not allow it.
    """
    partner = staff.partner
    if partner is None or not staff.may(Permission.SECURE_SIGN_IN):
        refuse_factor(staff=staff, operation="require_second_factor", reason="role")
        raise NotAllowed
    with transaction.atomic():
        held = Partner.objects.select_for_update().get(pk=partner.pk)
        if held.requires_second_factor == required:
            return False
        before = {"requires_second_factor": held.requires_second_factor}
        held.requires_second_factor = required
        held.save(update_fields=["requires_second_factor"])
        after = {"requires_second_factor": required}
        record(actor=staff.actor, operation="require_second_factor", resource=held, before=before, after=after)
    return True
