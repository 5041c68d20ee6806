"""Questions about many people, and how a person is made."""

import datetime
import uuid
from typing import TYPE_CHECKING, Any, Self

from django.contrib.auth.base_user import BaseUserManager
from django.db import models
from django.db.models import Exists, OuterRef, StringAgg, Subquery, Value

from partners.roles import Role

if TYPE_CHECKING:
    from partners.models import Staff


class QueuedMailQuerySet(models.QuerySet[Any]):
    """Mails that wait, and mails that were sent."""

    def due(self, now: datetime.datetime) -> Self:
        """Those whose next attempt should have been made by now."""
        return self.filter(sent_at__isnull=True, next_attempt_at__lte=now)


def primary_factors(staff_id: Any) -> models.QuerySet[Any]:
    """The authenticator app and the passkeys of this person (or `OuterRef`); recovery codes stand in for them."""
    from allauth.mfa.models import Authenticator

    held: models.QuerySet[Any] = Authenticator.objects.filter(user_id=staff_id)
    return held.exclude(type=Authenticator.Type.RECOVERY_CODES)


class StaffQuerySet(models.QuerySet[Any]):
    """People who sign in."""

    def without_second_factor(self) -> Self:
        """Those who have neither an authenticator app nor a passkey."""
        return self.exclude(Exists(primary_factors(OuterRef("pk"))))

    def visible_to(self, staff: "Staff") -> Self:
        """The people of this person's partner, whether or not they may sign in; nobody else."""
        return self.filter(partner_id=staff.partner_id) if staff.partner_id is not None else self.none()

    def global_admins(self) -> Self:
        """Those who may sign in and are global admins."""
        return self.filter(is_active=True, role_rows__role=Role.GLOBAL_ADMIN)

    def with_standing(self) -> Self:
        """With their roles, and whether they have a second factor, in the same query."""
        from partners.models import StaffRole

        roles = StaffRole.objects.filter(staff=OuterRef("pk")).order_by().values("staff")
        codes = Subquery(roles.values(codes=StringAgg("role", Value(","))), output_field=models.CharField())
        return self.annotate(role_codes=codes, second_factor=Exists(primary_factors(OuterRef("pk"))))

    def search(self, text: str) -> Self:
        """Those with this in their name or e-mail address."""
        return self.filter(models.Q(name__icontains=text) | models.Q(email__icontains=text))


class StaffInvitationQuerySet(models.QuerySet[Any]):
    """Invitations of people to work for a partner."""

    def visible_to(self, staff: "Staff") -> Self:
        """Those of this person's partner, and no other's."""
        return self.filter(partner_id=staff.partner_id) if staff.partner_id is not None else self.none()

    def unanswered(self) -> Self:
        """Those neither accepted nor withdrawn, whether or not their time is over."""
        return self.filter(accepted_at__isnull=True, withdrawn_at__isnull=True)

    def with_parts(self) -> Self:
        """With all that a page says of them, in a fixed number of queries."""
        return self.select_related("partner", "invited_by").prefetch_related("role_rows")


class StaffManager(BaseUserManager["Staff"]):
    """People who sign in."""

    def signed_in(self, staff_id: uuid.UUID) -> "Staff | None":
        """This person with partner, roles and whether they have a second factor, in one query.

        `None` where there is nobody (any more).
        """
        people = self.everybody().select_related("partner").with_standing()
        found: Staff | None = people.filter(pk=staff_id).first()
        return found

    def everybody(self) -> "StaffQuerySet":
        """All people, of every partner and of none."""
        return StaffQuerySet(self.model, using=self._db)

    def visible_to(self, staff: "Staff") -> "StaffQuerySet":
        """The people of this person's partner, whether or not they may sign in; nobody else."""
        return self.everybody().visible_to(staff)

    def of_partner(self, partner_id: uuid.UUID | None) -> "StaffQuerySet":
        """The people of this partner who may sign in."""
        return self.everybody().filter(partner_id=partner_id, is_active=True)

    def of_address(self, email: str) -> "Staff | None":
        """Whose e-mail address this is, whatever the case of its letters; `None` where it is nobody's.

        Only A to Z have a case here: databases know letters of other alphabets that become one of these, and by them
        a mailbox of somebody else would pass for this person's.
        """
        staff = self.select_related("partner").filter(email__iexact=email).first() if email else None
        same = staff is not None and staff.email.encode().lower() == email.encode().lower()
        return staff if same else None

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "Staff":
        """Make a person; the e-mail address is kept in lower case."""
        staff = self.model(email=email.lower(), **fields)
        staff.set_password(password)
        staff.save(using=self._db)
        return staff

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "Staff":
        """Make a platform administrator who may do everything in Django admin."""
        return self.create_user(email, password, **{"is_staff": True, "is_superuser": True, **fields})

    def get_by_natural_key(self, username: str | None) -> "Staff":
        """The person with this e-mail address, whatever its case."""
        return self.get(email__iexact=username)
