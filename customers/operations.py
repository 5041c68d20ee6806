"""The verbs of this room: create a customer, change its contact details, change its billing profile."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, models, transaction
from django.http import Http404
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from activity.errors import Refused
from activity.models import ActivityRecord, Outcome
from activity.operations import record
from activity.submissions import Asked, first_result, remember
from catalog.models import Service
from customers.counts import forget_count
from customers.domains import full_domain
from customers.errors import AccountChanged, Changed, DomainTaken, FormerReseller
from customers.models import BillingProfile, ContactDetails, Customer, DelegatedAdminPrivilege, ResellerRelationship
from customers.models.accounts import Recipient
from partners.models import Caller
from partners.roles import Permission

CREATE, CHANGE_CONTACT, CHANGE_BILLING = "add_customer", "change_contact", "change_billing"
# What an import counts each kind of details as.
IMPORTED: Mapping[type[Recipient], str] = {ContactDetails: "contact_details", BillingProfile: "billing_profiles"}
Values = Mapping[str, str]


def create_customer(
    *,
    staff: Caller,
    company_name: str,
    domain: str,
    billing: Values,
    contact: Values | None = None,
    key: str,
) -> Customer:
    """Create a customer of this person's partner, with its billing profile and, where given, its contact details.

    The partner gets the reseller relationship and the delegated admin privilege for every service of the
    catalogue (domain, "Subscription states"). `domain` may be the name under the cloud's own domain alone.
    `key` makes it idempotent for the partner: the same call again returns the first customer.

    Raises `ValidationError`, by field, for values that cannot be held, `DomainTaken` and `SubmissionReused`
    (recorded), `PermissionDenied` where the roles do not allow it (recorded).
    """
    if not staff.may(Permission.MANAGE_SUBSCRIPTIONS):
        record_refusal(staff, CREATE, ("role",), asked={"company_name": company_name[:200], "domain": domain[:253]})
        raise PermissionDenied
    customer = checked_company(company_name=company_name, domain=domain)
    wanted = NewCustomer(staff, customer, checked_billing(billing), checked_contact(contact) if contact else None, key)
    try:
        return _create(wanted)
    except Refused as refusal:
        record_refusal(staff, CREATE, refusal.codes, asked=wanted.words)
        raise


def checked_company(*, company_name: str, domain: str) -> Customer:
    """A customer with this name and domain, not saved. Raises `ValidationError`, by field."""
    customer = Customer(company_name=company_name.strip(), domain=full_domain(domain))
    customer.clean_fields(exclude={"name_key"})
    return customer


def checked_contact(values: Values) -> ContactDetails:
    """Contact details with these values, not saved. Raises `ValidationError`, by field."""
    return _checked(ContactDetails(), values)


def checked_billing(values: Values) -> BillingProfile:
    """A billing profile with these values, not saved. Raises `ValidationError`, by field."""
    return _checked(BillingProfile(), values)


def _checked[Details: Recipient](details: Details, values: Values) -> Details:
    """These details with the values as they are stored; what is not given is emptied."""
    for name in details.VALUES:
        setattr(details, name, values.get(name, "").strip())
    details.full_clean(exclude={"customer"}, validate_unique=False, validate_constraints=False)
    return details


@dataclass(frozen=True)
class NewCustomer:
    """A customer that is to be there, with all that belongs to it, checked and not saved."""

    staff: Caller
    customer: Customer
    billing: BillingProfile
    contact: ContactDetails | None
    key: str

    @property
    def partner_id(self) -> uuid.UUID:
        """The partner of the person who asks; who may add customers has one."""
        assert self.staff.partner_id is not None
        return self.staff.partner_id

    @property
    def words(self) -> dict[str, Any]:
        """What a record says of it."""
        return {"company_name": self.customer.company_name, "domain": self.customer.domain}

    @property
    def details(self) -> dict[str, Any]:
        """What was entered beside name and domain."""
        return {"contact": self.contact.values if self.contact else None, "billing": self.billing.values}

    @property
    def asked(self) -> Asked:
        """It, as something asked for under a key."""
        return Asked(self.partner_id, self.key, CREATE, {**self.words, **self.details})


def _create(wanted: NewCustomer) -> Customer:
    try:
        with transaction.atomic():
            return _first_created(wanted) or _save_all(wanted)
    except (IntegrityError, DomainTaken) as error:
        # It may be the same key that took the domain, at the same moment.
        first = _first_created(wanted)
        if first is not None:
            return first
        refusal = _domain_taken(wanted)
        if refusal is None:
            raise
        raise refusal from error


def _first_created(wanted: NewCustomer) -> Customer | None:
    result = first_result(wanted.asked)
    return None if result is None else Customer.objects.get(pk=result["customer"])


def _domain_taken(wanted: NewCustomer) -> DomainTaken | None:
    domain = wanted.customer.domain
    owner = Customer.objects.with_domain(domain).first()
    if owner is None:
        return None
    return DomainTaken(domain, Customer.objects.visible_to(wanted.staff).filter(pk=owner.pk).first())


def _save_all(wanted: NewCustomer) -> Customer:
    if refusal := _domain_taken(wanted):
        raise refusal
    staff, customer = wanted.staff, wanted.customer
    now = timezone.now()
    customer.created_at = now
    customer.save(force_insert=True)
    for details in (wanted.billing, wanted.contact):
        if details is not None:
            details.customer, details.changed_at = customer, now
            details.save(force_insert=True)
    ResellerRelationship.objects.create(partner_id=wanted.partner_id, customer=customer, since=now)
    DelegatedAdminPrivilege.objects.bulk_create(
        [
            DelegatedAdminPrivilege(customer=customer, service=service, partner_id=wanted.partner_id, since=now)
            for service in Service.objects.order_by("pk")
        ]
    )
    remember(wanted.asked, {"customer": str(customer.pk)})
    after = {**wanted.words, **wanted.details, "version": 1}
    record(actor=staff.actor, operation=CREATE, resource=customer, customer=customer, after=after)
    transaction.on_commit(partial(forget_count, [wanted.partner_id]))
    return customer


def change_contact(
    *,
    staff: Caller,
    customer_id: uuid.UUID,
    values: Values,
    company_name: str | None = None,
    key: str,
    version: int | None = None,
) -> ContactDetails:
    """Make these the contact details of a customer and, where given, this the company's name.

    What is not among the values is emptied. `version` is the version of the details that the person saw, 0 where
    there were none; where it has moved on, nothing is changed. `key` makes it idempotent for the partner.

    Raises `ValidationError` by field, `AccountChanged`, `FormerReseller` and `SubmissionReused` (recorded),
    `PermissionDenied` (recorded), `Http404` where the person's partner cannot see the customer.
    """
    change = Change(
        staff=staff,
        customer_id=customer_id,
        operation=CHANGE_CONTACT,
        permission=Permission.EDIT_CONTACT,
        model=ContactDetails,
        values=values,
        company_name=company_name,
        key=key,
        version=version,
    )
    details = _change(change, checked_contact)
    assert isinstance(details, ContactDetails)
    return details


def change_billing(
    *, staff: Caller, customer_id: uuid.UUID, values: Values, key: str, version: int | None = None
) -> BillingProfile:
    """Make these the billing profile of a customer. Otherwise as `change_contact`."""
    change = Change(
        staff=staff,
        customer_id=customer_id,
        operation=CHANGE_BILLING,
        permission=Permission.EDIT_BILLING,
        model=BillingProfile,
        values=values,
        company_name=None,
        key=key,
        version=version,
    )
    details = _change(change, checked_billing)
    assert isinstance(details, BillingProfile)
    return details


@dataclass(frozen=True, kw_only=True)
class Change:
    """New details of a customer that somebody asks for."""

    staff: Caller
    customer_id: uuid.UUID
    operation: str
    permission: Permission
    model: type[Recipient]
    values: Values
    company_name: str | None
    key: str
    version: int | None

    def asked(self, wanted: dict[str, Any]) -> Asked:
        """It, as something asked for under a key."""
        assert self.staff.partner_id is not None
        return Asked(self.staff.partner_id, self.key, self.operation, {"customer": str(self.customer_id), **wanted})


def _change(change: Change, check: Callable[[Values], Recipient]) -> Recipient:
    seen = Customer.objects.visible_to(change.staff).filter(pk=change.customer_id).first()
    if not change.staff.may(change.permission):
        record_refusal(change.staff, change.operation, ("role",), customer=seen)
        raise PermissionDenied
    wanted = check(change.values)
    name = None if change.company_name is None else _checked_name(change.company_name)
    try:
        with transaction.atomic():
            return _change_locked(change, wanted, name)
    except Refused as refusal:
        record_refusal(change.staff, change.operation, refusal.codes, customer=seen)
        raise


def _checked_name(company_name: str) -> str:
    customer = Customer(company_name=company_name.strip())
    customer.clean_fields(exclude={"name_key", "domain"})
    return customer.company_name


def _change_locked(change: Change, wanted: Recipient, name: str | None) -> Recipient:
    customer = _lock(change.staff, change.customer_id)
    after: dict[str, Any] = wanted.values if name is None else {"company": name, **wanted.values}
    asked = change.asked(after)
    details = change.model._default_manager.filter(pk=customer.pk).first()
    if first_result(asked) is not None:
        return details or wanted
    _refuse_former(change.staff, customer)
    version = details.version if details else 0
    if change.version not in {None, version}:
        raise changed_since(change.staff, customer, change.model, change.version or 0)
    before = details.values if details else {}
    before = before if name is None else {"company": customer.company_name, **before}
    if details is not None and after == before:
        remember(asked, {"version": version})
        return details
    _save(wanted, customer, version + 1, name)
    _record_change(change, customer, before, after, version)
    remember(asked, {"version": wanted.version})
    return wanted


def _lock(staff: Caller, customer_id: uuid.UUID) -> Customer:
    customer: Customer | None = Customer.objects.select_for_update().visible_to(staff).filter(pk=customer_id).first()
    if customer is None:
        raise Http404
    return customer


def _refuse_former(staff: Caller, customer: Customer) -> None:
    if not ResellerRelationship.objects.visible_to(staff).filter(customer=customer, has_ended=False).exists():
        raise FormerReseller


def _save(wanted: Recipient, customer: Customer, version: int, name: str | None) -> None:
    wanted.customer = customer  # type: ignore[attr-defined]
    wanted.version, wanted.changed_at = version, timezone.now()
    wanted.save(force_insert=version == 1, force_update=version > 1)
    if name is not None and name != customer.company_name:
        customer.company_name = name
        customer.save(update_fields=["company_name"])


def _record_change(
    change: Change, customer: Customer, before: dict[str, Any], after: dict[str, Any], version: int
) -> None:
    """What differs, with what it was."""
    differing = [name for name, value in after.items() if value != before.get(name, "")]
    record(
        actor=change.staff.actor,
        operation=change.operation,
        resource=customer,
        resource_type=change.model.__name__.lower(),
        customer=customer,
        before={**{name: before.get(name, "") for name in differing}, "version": version},
        after={**{name: after[name] for name in differing}, "version": version + 1},
    )


def changed_since(staff: Caller, customer: Customer, model: type[Recipient], version: int) -> AccountChanged:
    """What others changed of these details after this version, as far as records tell; who, within the partner."""
    records = ActivityRecord.objects.filter(
        customer_id=customer.pk,
        resource_type=model.__name__.lower(),
        outcome=Outcome.DONE,
        after__version__gt=version,
    ).order_by("at", "id")
    found = list(records[:50])
    if not found:
        return _imported_since(customer, model)
    last = found[-1]
    who = last.actor_name if last.partner_id == staff.partner_id else _("Another partner of this customer")
    return AccountChanged(_changes(found, model), who=who, at=last.at)


def _imported_since(customer: Customer, model: type[Recipient]) -> AccountChanged:
    """What no record of the customer accounts for an import has done, which says nothing of single customers."""
    details = model._default_manager.filter(pk=customer.pk).first()
    imports = ActivityRecord.objects.imports_of(IMPORTED[model], since=details.changed_at) if details else ()
    last = min(imports, key=lambda one: one.at, default=None)
    if last is None:
        return AccountChanged([])
    day = date_format(timezone.localtime(last.at))
    return AccountChanged([], who=_("An import of %(day)s") % {"day": day}, at=last.at)


def _changes(records: list[ActivityRecord], model: type[Recipient]) -> list[Changed]:
    """Each field once: what it was at first and what it became at last."""
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for one in records:
        for name, value in (one.after or {}).items():
            before.setdefault(name, (one.before or {}).get(name, ""))
            after[name] = value
    labels = {"company": _label(Customer, "company_name"), **{name: _label(model, name) for name in model.VALUES}}
    return [
        Changed(labels[name], str(before[name]), str(after[name]))
        for name in labels
        if name in after and before[name] != after[name]
    ]


def _label(model: type[models.Model], name: str) -> str:
    column = model._meta.get_field(name)
    assert isinstance(column, models.Field)
    return str(column.verbose_name)


def record_refusal(
    staff: Caller,
    operation: str,
    codes: tuple[str, ...],
    *,
    customer: Customer | None = None,
    asked: dict[str, Any] | None = None,
) -> None:
    """A refused attempt leaves its reasons and changes nothing else."""
    record(
        actor=staff.actor,
        operation=operation,
        resource=customer,
        resource_type="customer",
        customer=customer,
        after=asked,
        outcome=Outcome.REFUSED,
        reasons=codes,
    )
