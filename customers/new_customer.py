"""The form of a new customer's account: company, contact details, and where the bills go."""

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from customers.domains import full_domain
from customers.forms import ContactForm, RecipientForm
from customers.models import BillingProfile, Culture, Recipient
from customers.models.accounts import LANGUAGES
from partners.legible import ask_for_legible_lines, is_illegible

TO_CONTACT, ELSEWHERE = "contact", "elsewhere"
# Far more than anybody fills in, and longer than any field takes.
MOST_TYPED, LONGEST_TYPED = 300, 1000


class CompanyForm(forms.Form):
    """The name and primary domain of a new customer."""

    company_name = forms.CharField(label=_("Company name"), max_length=200)
    domain = forms.CharField(label=_("Primary domain"), max_length=253)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ask_for_legible_lines(self)
        self.fields["domain"].widget.attrs |= {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        self.fields["company_name"].widget.attrs["autocomplete"] = "off"

    def clean_domain(self) -> str:
        """The whole host name."""
        return full_domain(self.cleaned_data["domain"])


class BillsForm(forms.Form):
    """To whom the bills go, and how they are written."""

    bills_to = forms.ChoiceField(
        label=_("The bills go"),
        choices=[(TO_CONTACT, _("to the contact, at the address above")), (ELSEWHERE, _("to somebody else"))],
        initial=TO_CONTACT,
        widget=forms.RadioSelect,
    )
    language = forms.ChoiceField(label=_("Language of the bills"), choices=LANGUAGES, initial="zh")
    culture = forms.ChoiceField(label=_("Dates and numbers as in"), choices=Culture, initial=Culture.CHINESE)


class BillingAddressForm(RecipientForm):
    """Who gets the bills where that is not the contact."""

    class Meta:
        model = BillingProfile
        fields = ("company_name", *Recipient.FORM_VALUES)


class AccountForm:
    """All of a new customer's account, as one form whose fields a person fills in at once.

    Where the bills go to the contact, the fields for somebody else are not judged, but kept.
    """

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        self.data = data
        self.company = CompanyForm(data)
        self.contact = ContactForm(data, prefix="contact", needs_address=True)
        self.bills = BillsForm(data)
        self.is_billed_elsewhere = data is not None and data.get("bills_to") == ELSEWHERE
        if self.is_billed_elsewhere:
            self.billing = BillingAddressForm(data, prefix="billing")
        else:
            kept = {name: data.get(f"billing-{name}", "") for name in BillingAddressForm.base_fields} if data else {}
            self.billing = BillingAddressForm(prefix="billing", initial=kept)

    @property
    def parts(self) -> list[forms.BaseForm]:
        """The forms that it is made of, in the order of the page."""
        return [self.company, self.contact, self.bills, self.billing]

    def __iter__(self) -> Iterator[forms.BoundField]:
        for part in self.parts:
            yield from part

    @property
    def errors(self) -> dict[str, Any]:
        """What is wrong, by the names of the controls."""
        return {part.add_prefix(name): words for part in self.parts for name, words in part.errors.items()}

    @property
    def non_field_errors(self) -> list[str]:
        """What is wrong with no field in particular."""
        return [str(words) for part in self.parts for words in part.non_field_errors()]

    def is_valid(self) -> bool:
        """Whether all of it can be a customer's account."""
        judged = self.parts if self.is_billed_elsewhere else self.parts[:3]
        return self.data is not None and not any(part.errors for part in judged)

    @property
    def typed(self) -> dict[str, str]:
        """What was typed, as it was typed, by the names of the controls; see `as_typed`."""
        return as_typed(self.data or {}, [field.html_name for field in self])

    @property
    def values(self) -> dict[str, Any]:
        """What a valid form says, as `create_customer` takes it."""
        company, contact = self.company.cleaned_data, self.contact.values
        billed = self.billing.values if self.is_billed_elsewhere else {**contact, **company}
        style = {name: self.bills.cleaned_data[name] for name in ("culture", "language")}
        billing = {name: {**billed, **style}[name] for name in BillingProfile.FORM_VALUES}
        return {**company, "contact": contact, "billing": billing}


def as_typed(data: Mapping[str, Any], names: list[str]) -> dict[str, str]:
    """What was typed into these controls, without what no database holds: to be kept, whether right or wrong."""
    filled = [name for name in names if data.get(name)]
    kept = {name: str(data[name])[:LONGEST_TYPED] for name in filled[:MOST_TYPED]}
    return {name: "".join(letter for letter in text if not is_illegible(letter)) for name, text in kept.items()}
