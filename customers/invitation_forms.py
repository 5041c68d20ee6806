"""The forms of invitations: by staff who make one, and by the customer who answers."""

import re
import uuid
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from catalog.models import Service
from customers.answering import Company
from customers.domains import full_domain
from customers.inviting import may_ask
from customers.meaning import meaning_of
from customers.models import Customer, Invitation, ResellerRelationship
from customers.models.invitations import LONGEST_NOTE
from partners.forms import OnceForm
from partners.legible import LinesField, ask_for_legible_lines
from partners.models import Language, Staff

MATCHES_NAMED = 5
# For how many days a customer may give a privilege.
LASTS = (
    ("", gettext_lazy("Until you take it back")),
    ("30", gettext_lazy("30 days")),
    ("90", gettext_lazy("90 days")),
    ("365", gettext_lazy("One year")),
)
LOOKS_LIKE_ID = re.compile(r"[0-9]{1,4}")


class ServiceField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Services to tick, each with what its administration means."""

    widget = forms.CheckboxSelectMultiple

    def clean(self, value: Any) -> Any:
        """The services; what no id can look like is refused before a database is asked."""
        for one in value or ():
            if not LOOKS_LIKE_ID.fullmatch(str(one)):
                raise ValidationError(
                    self.error_messages["invalid_choice"], code="invalid_choice", params={"value": str(one)[:80]}
                )
        return super().clean(value)

    def label_from_instance(self, obj: Service) -> str:
        """The service's name."""
        return obj.name


def _email_field(label: Any) -> forms.EmailField:
    return forms.EmailField(label=label, max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"}))


class InvitationForm(OnceForm):
    """Whom to invite, to what, and in which words."""

    customer = forms.CharField(
        label=gettext_lazy("Customer"),
        required=False,
        max_length=253,
        help_text=gettext_lazy(
            "Company name of one of your customers, or the primary domain of any customer of the cloud. "
            "Leave it empty for a company that is no customer yet: it becomes one by accepting."
        ),
    )
    email = _email_field(gettext_lazy("E-mail address"))
    contact_name = forms.CharField(label=gettext_lazy("Contact person"), required=False, max_length=150)
    language = forms.ChoiceField(label=gettext_lazy("Language of the mail"), choices=Language, initial=Language.CHINESE)
    with_relationship = forms.BooleanField(label=gettext_lazy("A reseller relationship"), required=False, initial=True)
    services = ServiceField(
        label=gettext_lazy("The administration of these services"), queryset=Service.objects.all(), required=False
    )
    note = LinesField(
        label=gettext_lazy("A note of your own"),
        required=False,
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("Stands in the mail under the portal's words."),
    )

    def __init__(self, *args: Any, staff: Staff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.staff = staff
        self.may_ask_services = may_ask(staff, with_relationship=False, services=True)
        if not self.may_ask_services:
            del self.fields["services"]

    def clean_customer(self) -> str | uuid.UUID:
        """The id of a customer in sight, the domain of another one, or nothing."""
        typed = str(self.cleaned_data["customer"])
        if not typed:
            return ""
        found = _named_customer(self.staff, typed)
        return found if found is not None else full_domain(typed)

    @property
    def asked(self) -> dict[str, Any]:
        """What a valid form asks of `invite`."""
        values = self.cleaned_data
        customer = values["customer"]
        named = {"customer_id": customer} if isinstance(customer, uuid.UUID) else {"domain": customer}
        services = [service.pk for service in values.get("services", ())]
        kept = ("email", "contact_name", "language", "with_relationship", "note", "key")
        return {**named, "services": services, **{name: values[name] for name in kept}}


def _named_customer(staff: Staff, typed: str) -> uuid.UUID | None:
    """The one customer in sight whose name or domain this is, or contains it; `None` where it may be a domain."""
    assert staff.partner_id is not None
    visible = Customer.objects.visible_to(staff)
    exact = visible.with_domain(typed).first() or visible.filter(company_name__iexact=typed).first()
    if exact is not None:
        return exact.pk  # type: ignore[no-any-return]
    seen = ResellerRelationship.objects.visible_to(staff).search(typed, partner_id=staff.partner_id)
    matches = list(seen.in_order().select_related("customer")[: MATCHES_NAMED + 1])
    if len(matches) == 1:
        return matches[0].customer_id  # type: ignore[no-any-return]
    if matches:
        _refuse_ambiguous([one.customer for one in matches], typed)
    return None


def _refuse_ambiguous(customers: list[Customer], typed: str) -> None:
    names = ", ".join(f"{one.company_name} ({one.domain})" for one in customers[:MATCHES_NAMED])
    text = _("Several customers match “%(typed)s”: %(names)s. Give the domain of the one that you mean.")
    raise ValidationError(text, params={"typed": typed[:80], "names": names})


class AnswerForm(forms.Form):
    """What a customer lets the partner administer; and who it is, where it is no customer yet."""

    company_name = forms.CharField(
        label=gettext_lazy("Company name"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    domain = forms.CharField(
        label=gettext_lazy("Your primary domain in the cloud"),
        max_length=253,
        help_text=gettext_lazy("As in contoso.partner.onmschina.cn; it cannot be changed later."),
    )
    services = ServiceField(label=gettext_lazy("Services"), queryset=Service.objects.none(), required=False)
    lasts = forms.ChoiceField(
        label=gettext_lazy("For how long"),
        choices=LASTS,
        required=False,
        help_text=gettext_lazy("You can take it back before. When the time is over it ends by itself."),
    )

    def __init__(self, data: Any = None, *, invitation: Invitation) -> None:
        super().__init__(data)
        ask_for_legible_lines(self)
        self.invitation = invitation
        asked = [one.service_id for one in invitation.asked_services]
        self.fields["services"].queryset = Service.objects.filter(pk__in=asked)  # type: ignore[attr-defined]
        if not asked:
            del self.fields["lasts"]
        if invitation.customer_id is not None:
            del self.fields["company_name"], self.fields["domain"]

    def clean_domain(self) -> str:
        """The host name that is meant."""
        return full_domain(str(self.cleaned_data["domain"]))

    def clean(self) -> dict[str, Any]:
        """Accepting nothing is declining, which has a button of its own."""
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.invitation.with_relationship and not cleaned.get("services"):
            self.add_error("services", _("Tick at least one service, or decline."))
        return cleaned

    @property
    def services_with_meaning(self) -> list[tuple[Any, Any]]:
        """Each box to tick with what ticking it means."""
        codes = dict(self.fields["services"].queryset.values_list("pk", "code"))  # type: ignore[attr-defined]
        return [(box, meaning_of(codes[int(str(box.data["value"]))])) for box in self["services"]]

    @property
    def service_ids(self) -> list[int]:
        """The services that are ticked."""
        return [service.pk for service in self.cleaned_data["services"]]

    @property
    def days(self) -> int | None:
        """For how many days the privileges are given; `None` for as long as nobody takes them back."""
        lasts = self.cleaned_data.get("lasts")
        return int(lasts) if lasts else None

    @property
    def company(self) -> Company | None:
        """What a company that is no customer yet says of itself."""
        if self.invitation.customer_id is not None:
            return None
        return Company(self.cleaned_data["company_name"], self.cleaned_data["domain"])

    def refuse(self, message: str, field: str | None = None) -> None:
        """Say why what was submitted was refused."""
        self.add_error(field if field in self.fields else None, message)


class AskForInvitationForm(forms.Form):
    """A visitor of a partner's general link leaves an address."""

    contact_name = forms.CharField(
        label=gettext_lazy("Your name"),
        required=False,
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = forms.EmailField(
        label=gettext_lazy("E-mail address"),
        max_length=254,
        validators=[validate_email],
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        ask_for_legible_lines(self)


class RevokeForm(forms.Form):
    """The services whose administration a customer takes back."""

    services = ServiceField(label=gettext_lazy("Services"), queryset=Service.objects.none())

    def __init__(self, data: Any = None, *, held: list[int]) -> None:
        super().__init__(data)
        self.fields["services"].queryset = Service.objects.filter(pk__in=held)  # type: ignore[attr-defined]
        self.fields["services"].error_messages["required"] = _("Tick what you want to take back.")


def revoked_words(names: list[str]) -> str:
    """What was taken back, in a sentence."""
    text = ngettext(
        "Taken back: %(services)s. The company cannot administer this any more.",
        "Taken back: %(services)s. The company cannot administer these any more.",
        len(names),
    )
    return text % {"services": _(", ").join(names)}
