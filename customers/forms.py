"""The forms of a customer's account: company, contact details, billing profile."""

import uuid
from functools import lru_cache
from typing import Any

from django import forms
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from customers.addresses import CHINA, PROVINCES, state_name
from customers.models import BillingProfile, ContactDetails, Customer
from customers.models.accounts import LANGUAGES, Recipient
from customers.naming import name_key
from partners.forms import OnceForm
from partners.legible import ask_for_legible_lines

# What a province's name may end with where people write it in full.
PROVINCE_ENDINGS = ("壮族自治区", "回族自治区", "维吾尔自治区", "自治区", "省", "市")


@lru_cache(maxsize=1)
def _codes_by_name() -> dict[str, str]:
    """The code of each province by its name in every language of the portal, and by the code itself."""
    codes = {name_key(code): code for code in PROVINCES}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            codes |= {name_key(str(name)): code for code, name in PROVINCES.items()}
    return codes


def province_code(typed: str) -> str:
    """The code of the province that is meant, by name or code; what is none comes back as it was typed."""
    key = name_key(typed)
    bare = next((key.removesuffix(ending) for ending in PROVINCE_ENDINGS if key.endswith(ending)), key)
    return _codes_by_name().get(key) or _codes_by_name().get(bare) or typed


class RecipientForm(forms.ModelForm):  # type: ignore[type-arg]
    """A person and an address; the state is chosen by name where the country is China, and free elsewhere."""

    instance: Recipient

    def __init__(self, data: Any = None, *, needs_address: bool | None = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        if needs_address is not None:
            self.instance.needs_address = needs_address
        ask_for_legible_lines(self)
        country = forms.ChoiceField(
            label=self.fields["country"].label,
            required=self.instance.needs_address,
            choices=lambda: [("", "—"), *countries],
            initial=CHINA,
        )
        self.fields["country"] = country
        for name in ("city", "address_line1"):
            self.fields[name].required = self.instance.needs_address
        self.fields["state"].widget.attrs["list"] = self.province_list
        for name, purpose in AUTOCOMPLETE.items():
            self.fields[name].widget.attrs["autocomplete"] = purpose
        self.initial["country"] = self.initial.get("country") or CHINA
        self.initial["state"] = state_name(self.initial["country"], self.initial.get("state") or "")

    @property
    def province_list(self) -> str:
        """The id of the list that the state may be chosen from."""
        return self.add_prefix("provinces")

    @property
    def provinces(self) -> list[str]:
        """The names to choose the state from, in the reader's language."""
        return sorted(str(name) for name in PROVINCES.values())

    def clean_state(self) -> str:
        """The code of a Chinese province; of other countries what was typed."""
        typed = str(self.cleaned_data["state"])
        return province_code(typed) if self.cleaned_data.get("country") == CHINA else typed

    @property
    def values(self) -> dict[str, str]:
        """What a valid form says, as the operations take it."""
        return self.instance.values


# As a browser fills them in; the portal's people enter others' addresses, never their own.
AUTOCOMPLETE = dict.fromkeys(Recipient.FORM_VALUES, "off")


class ContactForm(RecipientForm):
    """Whom to speak to at a customer."""

    class Meta:
        model = ContactDetails
        fields = ContactDetails.FORM_VALUES


class BillingForm(RecipientForm):
    """Who gets a customer's bills, in which name and how they are written."""

    instance: BillingProfile
    language = forms.ChoiceField(label=_("Language of the bills"))

    class Meta:
        model = BillingProfile
        fields = BillingProfile.FORM_VALUES
        labels = {"company_name": _("Company name"), "culture": _("Dates and numbers as in")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = dict(LANGUAGES)
        present = self.instance.language
        more = [] if present in known or not present else [(present, present)]
        self.fields["language"].choices = [*LANGUAGES, *more]  # type: ignore[attr-defined]


class ContactChangeForm(OnceForm, ContactForm):
    """The contact details of a customer that is there, and the company's name."""

    company = forms.CharField(label=_("Company name"), max_length=200)
    field_order = ("company", *ContactDetails.FORM_VALUES)

    def __init__(self, data: Any = None, *, customer: Customer, instance: ContactDetails | None = None) -> None:
        initial = {"company": customer.company_name, **_opened(instance)}
        super().__init__(data, instance=instance or ContactDetails(), initial=initial)

    @property
    def asked(self) -> dict[str, Any]:
        """What a valid form asks of `change_contact`."""
        asked = {name: self.cleaned_data[name] for name in ("key", "version")}
        return {"values": self.values, "company_name": self.cleaned_data["company"], **asked}


class BillingChangeForm(OnceForm, BillingForm):
    """The billing profile of a customer that is there."""

    def __init__(self, data: Any = None, *, customer: Customer, instance: BillingProfile | None = None) -> None:
        named = {} if instance else {"company_name": customer.company_name}
        super().__init__(data, instance=instance or BillingProfile(), initial={**named, **_opened(instance)})

    @property
    def asked(self) -> dict[str, Any]:
        """What a valid form asks of `change_billing`."""
        return {"values": self.values, **{name: self.cleaned_data[name] for name in ("key", "version")}}


def _opened(details: Recipient | None) -> dict[str, Any]:
    """What makes a form one that is sent once, about these details as they stand."""
    return {"key": str(uuid.uuid4()), "version": details.version if details else 0}
