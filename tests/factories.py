"""The smallest valid object of each kind; a test states only what matters to it.

The catalogue and the upgrade matrix come with the migrations: `offer("Office 365 Business")` finds an offer.
"""

import datetime
import uuid
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import factory as factory_boy
from allauth.idp.oidc.models import Client
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from activity.models import ActivityRecord, ActorKind
from catalog.models import Offer, Price, Service
from customers.invitation_mail import new_access
from customers.models import (
    BillingProfile,
    ContactDetails,
    Customer,
    CustomerDraft,
    DelegatedAdminPrivilege,
    Invitation,
    InvitationLink,
    InvitationState,
    InvitedService,
    ResellerRelationship,
)
from partners.models import (
    ApiClient,
    ApiClientRole,
    InvitedRole,
    Partner,
    PartnerType,
    Staff,
    StaffInvitation,
    StaffRole,
)
from partners.roles import Role
from partners.tokens import digest_of, new_token
from subscriptions.models import Order, OrderLine, Status, Subscription
from upgrades.models import Upgrade, UpgradePath, UpgradeWatch

# Its own types say that a factory makes factories.
factory: Any = factory_boy


class ModelFactory(factory.django.DjangoModelFactory):  # type: ignore[misc]
    """What all factories have in common."""

    class Meta:
        abstract = True


PASSWORD = "a-long-enough-password"
SECRET = "the-secret-of-a-program"


def offer(name: str) -> Offer:
    """The offer of this name: "Office 365 Business", or "Business" for short."""
    found = Offer.objects.filter(name__in=[name, f"Office 365 {name}"]).first()
    return found or Offer.objects.get(name=f"Office 365 Enterprise {name}")


def service(code: str) -> Service:
    """The service of this code: "exchange"."""
    return Service.objects.get(code=code)


def path(source: str, target: str) -> UpgradePath:
    """The upgrade path between the offers of these names."""
    return UpgradePath.objects.get(source=offer(source), target=offer(target))


class PartnerFactory(ModelFactory):
    class Meta:
        model = Partner

    name = factory.Sequence(lambda number: f"Partner {number}")
    type = PartnerType.DIRECT_RESELLER


class StaffFactory(ModelFactory):
    """A global admin of a partner of their own, unless `partner` and `roles` say otherwise."""

    class Meta:
        model = Staff
        skip_postgeneration_save = True

    name = factory.Sequence(lambda number: f"Person {number}")
    email = factory.Sequence(lambda number: f"person{number}@partner.example")
    partner = factory.SubFactory(PartnerFactory)

    @classmethod
    def _create(cls, model_class: type[Staff], *args: Any, **kwargs: Any) -> Staff:
        return Staff.objects.create_user(password=kwargs.pop("password", PASSWORD), **kwargs)

    @factory.post_generation  # type: ignore[untyped-decorator]
    def roles(self: Staff, create: bool, extracted: Iterable[Role] | None, **kwargs: Any) -> None:  # type: ignore[misc]
        wanted = [Role.GLOBAL_ADMIN] if extracted is None and self.partner_id else (extracted or [])
        StaffRole.objects.bulk_create([StaffRole(staff=self, role=role) for role in wanted])


class PlatformAdministratorFactory(StaffFactory):
    """May do everything in Django admin and belongs to no partner."""

    partner = None
    is_staff = True
    is_superuser = True


class OAuthClientFactory(ModelFactory):
    """What OAuth knows of an API client; its secret is `secret`."""

    class Meta:
        model = Client

    name = "A program"
    grant_types = "client_credentials\nauthorization_code\nrefresh_token"
    scopes = default_scopes = "user_impersonation"

    @classmethod
    def _create(cls, model_class: type[Client], *args: Any, **kwargs: Any) -> Client:
        kwargs["secret"] = make_password(kwargs.pop("secret", SECRET))
        return super()._create(model_class, *args, **kwargs)


class ApiClientFactory(ModelFactory):
    """A program that does what a global admin may, made by one and in use; `partner` and `roles` say otherwise."""

    class Meta:
        model = ApiClient
        skip_postgeneration_save = True

    id = factory.LazyFunction(uuid.uuid4)
    name = factory.Sequence(lambda number: f"Program {number}")
    partner = factory.SubFactory(PartnerFactory)
    made_by = factory.SubFactory(StaffFactory, partner=factory.SelfAttribute("..partner"))
    last_used_at = factory.LazyFunction(timezone.now)
    oauth = factory.SubFactory(
        OAuthClientFactory,
        id=factory.LazyAttribute(lambda this: str(this.factory_parent.id)),
        name=factory.SelfAttribute("..name"),
    )

    @factory.post_generation  # type: ignore[untyped-decorator]
    def roles(self: ApiClient, create: bool, extracted: Iterable[Role] | None, **kwargs: Any) -> None:  # type: ignore[misc]
        wanted = [Role.GLOBAL_ADMIN] if extracted is None else extracted
        ApiClientRole.objects.bulk_create([ApiClientRole(client=self, role=role) for role in wanted])


class CustomerFactory(ModelFactory):
    class Meta:
        model = Customer

    company_name = factory.Sequence(lambda number: f"Customer {number}")
    domain = factory.Sequence(lambda number: f"customer{number}.partner.onmschina.cn")


class ContactDetailsFactory(ModelFactory):
    """Li Na in Shanghai, without a telephone."""

    class Meta:
        model = ContactDetails

    customer = factory.SubFactory(CustomerFactory)
    first_name = "Na"
    last_name = "Li"
    email = "li.na@adatum.example"
    country = "CN"
    state = "SH"
    city = "Shanghai"
    address_line1 = "1 Century Avenue"
    postal_code = "200120"


class BillingProfileFactory(ContactDetailsFactory):
    """The bills go to Li Na."""

    class Meta:
        model = BillingProfile

    company_name = factory.SelfAttribute("customer.company_name")


class CustomerDraftFactory(ModelFactory):
    """Woodgrove Bank, with a right account and nothing ordered yet."""

    class Meta:
        model = CustomerDraft

    staff = factory.SubFactory(StaffFactory)
    account = factory.LazyFunction(
        lambda: {
            "company_name": "Woodgrove Bank",
            "domain": "woodgrove",
            "contact-last_name": "Li",
            "contact-first_name": "Na",
            "contact-email": "li.na@woodgrove.example",
            "contact-country": "CN",
            "contact-state": "SH",
            "contact-city": "Shanghai",
            "contact-address_line1": "1 Century Avenue",
            "contact-postal_code": "200120",
            "bills_to": "contact",
            "language": "zh",
            "culture": "zh-CN",
        }
    )


class ResellerRelationshipFactory(ModelFactory):
    class Meta:
        model = ResellerRelationship

    partner = factory.SubFactory(PartnerFactory)
    customer = factory.SubFactory(CustomerFactory)


class DelegatedAdminPrivilegeFactory(ModelFactory):
    class Meta:
        model = DelegatedAdminPrivilege

    partner = factory.SubFactory(PartnerFactory)
    customer = factory.SubFactory(CustomerFactory)
    service = factory.LazyFunction(lambda: service("exchange"))


class PriceFactory(ModelFactory):
    """Office 365 Business for 50 CNY a licence and month, from the beginning of 2026 for good."""

    class Meta:
        model = Price

    offer = factory.LazyFunction(lambda: offer("Office 365 Business"))
    amount = Decimal("50.00")
    valid_from = datetime.date(2026, 1, 1)


class SubscriptionFactory(ModelFactory):
    """An active Office 365 Business with 25 licences, bought directly unless `reseller_of_record` is given.

    A suspended one was suspended ten days ago.
    """

    class Meta:
        model = Subscription

    customer = factory.SubFactory(CustomerFactory)
    offer = factory.LazyFunction(lambda: offer("Office 365 Business"))
    quantity = 25
    status = Status.ACTIVE
    suspended_at = factory.LazyAttribute(
        lambda this: timezone.now() - datetime.timedelta(days=10) if this.status == Status.SUSPENDED else None
    )


class OrderFactory(ModelFactory):
    """An order without lines."""

    class Meta:
        model = Order

    staff = factory.SubFactory(StaffFactory)
    partner = factory.SelfAttribute("staff.partner")
    customer = factory.SubFactory(CustomerFactory)


class OrderLineFactory(ModelFactory):
    """The first line of an order of its own, for a pending subscription."""

    class Meta:
        model = OrderLine

    order = factory.SubFactory(OrderFactory)
    number = 0
    subscription = factory.SubFactory(
        SubscriptionFactory,
        customer=factory.SelfAttribute("..order.customer"),
        reseller_of_record=factory.SelfAttribute("..order.partner"),
        status=Status.PENDING,
    )
    offer = factory.SelfAttribute("subscription.offer")
    quantity = factory.SelfAttribute("subscription.quantity")


class UpgradeFactory(ModelFactory):
    """The record of a move from Business to Enterprise E3, without evidence or hand-over steps."""

    class Meta:
        model = Upgrade

    key = factory.Sequence(lambda number: f"key-{number}")
    staff = factory.SubFactory(StaffFactory)
    partner = factory.SelfAttribute("staff.partner")
    customer = factory.SubFactory(CustomerFactory)
    source_offer = factory.LazyFunction(lambda: offer("Office 365 Business"))
    target_offer = factory.LazyFunction(lambda: offer("Office 365 Enterprise E3"))
    subscription = factory.SubFactory(
        SubscriptionFactory,
        customer=factory.SelfAttribute("..customer"),
        reseller_of_record=factory.SelfAttribute("..partner"),
        offer=factory.SelfAttribute("..target_offer"),
    )
    partner_name = factory.SelfAttribute("partner.name")
    company_name = factory.SelfAttribute("customer.company_name")
    staff_name = factory.SelfAttribute("staff.name")
    source_name = factory.SelfAttribute("source_offer.name")
    target_name = factory.SelfAttribute("target_offer.name")
    quantity_before = 25
    quantity_after = 25
    version_after = 2
    matrix_version = 1


class UpgradeWatchFactory(ModelFactory):
    """Somebody waits to be told when their partner can upgrade a Business Premium to any offer."""

    class Meta:
        model = UpgradeWatch

    staff = factory.SubFactory(StaffFactory)
    partner = factory.SelfAttribute("staff.partner")
    customer = factory.SelfAttribute("subscription.customer")
    subscription = factory.LazyAttribute(lambda this: sold(this.partner, customer_of(this.partner), "Business Premium"))


class InvitationFactory(ModelFactory):
    """One that waits for its answer, by mail, for a reseller relationship of a company that is no customer yet.

    `services` names the services that it asks for.
    """

    class Meta:
        model = Invitation
        skip_postgeneration_save = True

    staff = factory.SubFactory(StaffFactory)
    partner = factory.SelfAttribute("staff.partner")
    email = factory.LazyAttribute(
        lambda this: f"it@{this.customer.domain}" if this.customer else "wang.wei@newcompany.example"
    )
    customer = None
    language = "en"
    state = InvitationState.SENT
    with_relationship = factory.LazyAttribute(lambda this: this.customer is None)
    sent_at = factory.LazyAttribute(lambda this: None if this.state == InvitationState.DRAFT else timezone.now())
    expires_at = factory.LazyAttribute(lambda this: this.sent_at and this.sent_at + datetime.timedelta(days=30))

    @factory.post_generation  # type: ignore[untyped-decorator]
    def services(self: Invitation, create: bool, extracted: Iterable[str] | None, **kwargs: Any) -> None:  # type: ignore[misc]
        asked = Service.objects.filter(code__in=extracted or [])
        InvitedService.objects.bulk_create([InvitedService(invitation=self, service=one) for one in asked])


class StaffInvitationFactory(ModelFactory):
    """Chen Jing is invited to be a sales agent; the mail was sent an hour ago. `roles` says otherwise.

    The token of its link is `token`, unless that is not to be known.
    """

    class Meta:
        model = StaffInvitation
        skip_postgeneration_save = True

    class Params:
        token = factory.LazyFunction(new_token)

    invited_by = factory.SubFactory(StaffFactory)
    partner = factory.SelfAttribute("invited_by.partner")
    email = factory.Sequence(lambda number: f"invited{number}@partner.example")
    name = "Chen Jing"
    language = "en"
    digest = factory.LazyAttribute(lambda this: digest_of(this.token))
    sent_at = factory.LazyFunction(lambda: timezone.now() - datetime.timedelta(hours=1))
    expires_at = factory.LazyAttribute(lambda this: this.sent_at + datetime.timedelta(days=7))

    @factory.post_generation  # type: ignore[untyped-decorator]
    def roles(self: StaffInvitation, create: bool, extracted: Iterable[Role] | None, **kwargs: Any) -> None:  # type: ignore[misc]
        wanted = [Role.SALES_AGENT] if extracted is None else extracted
        InvitedRole.objects.bulk_create([InvitedRole(invitation=self, role=role) for role in wanted])


def link_to(invitation: Invitation, *, is_by_mail: bool = True) -> str:
    """The token of a link to this invitation."""
    token = new_token()
    InvitationLink.objects.create(digest=digest_of(token), invitation=invitation, is_by_mail=is_by_mail)
    return token


def access_to(invitation: Invitation) -> str:
    """The token by which this invitation's customer sees and revokes what its partner may do."""
    assert invitation.customer is not None
    return new_access(invitation.customer, invitation)


class ActivityRecordFactory(ModelFactory):
    class Meta:
        model = ActivityRecord

    actor_kind = ActorKind.SYSTEM
    operation = "import_portfolio"
    correlation_id = factory.Faker("uuid4", cast_to=None)


def customer_of(partner: Partner, *, services: Iterable[str] | None = None, **fields: Any) -> Customer:
    """A customer of this partner that gave it the delegated admin privileges for these services, else for all."""
    customer: Customer = CustomerFactory(**fields)
    ResellerRelationshipFactory(partner=partner, customer=customer)
    chosen = Service.objects.all() if services is None else Service.objects.filter(code__in=services)
    DelegatedAdminPrivilege.objects.bulk_create(
        [DelegatedAdminPrivilege(partner=partner, customer=customer, service=service) for service in chosen]
    )
    return customer


def sold(partner: Partner | None, customer: Customer, offer_name: str = "Business", **fields: Any) -> Subscription:
    """A subscription of this customer that this partner sold; `None` for one bought directly."""
    subscription: Subscription = SubscriptionFactory(
        customer=customer, offer=offer(offer_name), reseller_of_record=partner, **fields
    )
    return subscription
