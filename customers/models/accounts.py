"""How to reach a customer and how to bill it: beside the customer's row, which many lists read, not in it."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator, validate_email
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from customers.addresses import (
    CHINA,
    LONGEST_PHONE_NUMBER,
    country_name,
    phone_number,
    postal_code_faults,
    state_faults,
    state_name,
    validate_country,
)
from customers.models.customers import Customer
from partners.legible import validate_legible


def _line(label: Any, longest: int, **options: Any) -> "models.CharField[str, str]":
    """A line of text that people read."""
    return models.CharField(label, max_length=longest, validators=[validate_legible], **options)


class Culture(models.TextChoices):
    """How dates and numbers are written to a customer in China."""

    CHINESE = "zh-CN", _("Chinese (China)")
    ENGLISH = "en-US", _("English (United States)")


# Languages of bills by their own names; the portal shows others, which programs may send, by their code.
LANGUAGES = (("zh", "中文"), ("en", "English"), ("es", "Español"))


class Recipient(models.Model):
    """A person at a customer who can be written to. `version` grows by one with each change.

    An address is there as a whole or not at all; `clean` says what is missing of it.
    """

    version = models.PositiveIntegerField(default=1, editable=False)
    changed_at = models.DateTimeField(default=timezone.now, editable=False)
    first_name = _line(_("first name"), 50)
    middle_name = _line(_("middle name"), 50, blank=True, default="", db_default="")
    last_name = _line(_("last name"), 50)
    email = models.EmailField(_("e-mail address"), max_length=254, validators=[validate_email, validate_legible])
    phone_number = _line(_("telephone"), LONGEST_PHONE_NUMBER, blank=True)
    country = models.CharField(_("country or region"), max_length=2, blank=True, validators=[validate_country])
    region = _line(_("region"), 100, blank=True, default="", db_default="")
    state = _line(_("province or state"), 100, blank=True)
    city = _line(_("city"), 100, blank=True)
    district = _line(_("district"), 100, blank=True)
    address_line1 = _line(_("address"), 200, blank=True)
    address_line2 = _line(_("address, second line"), 200, blank=True)
    address_line3 = _line(_("address, third line"), 200, blank=True)
    postal_code = _line(_("postal code"), 20, blank=True)

    ADDRESS: tuple[str, ...] = (
        "state",
        "city",
        "district",
        "address_line1",
        "address_line2",
        "address_line3",
        "postal_code",
    )
    FORM_VALUES: tuple[str, ...] = ("first_name", "last_name", "email", "phone_number", "country", *ADDRESS)
    # What only programs enter; the pages keep it as it is.
    VALUES: tuple[str, ...] = (*FORM_VALUES, "middle_name", "region")
    needs_address = False

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name} <{self.email}>"

    @property
    def values(self) -> dict[str, str]:
        """What people and programs enter, by field."""
        return {name: getattr(self, name) for name in self.VALUES}

    @property
    def has_address(self) -> bool:
        """Whether any part of an address is there; a country alone is none."""
        return any(getattr(self, name) for name in self.ADDRESS)

    @property
    def person(self) -> str:
        """The name in the order of the language that it is written in."""
        if any("\u4e00" <= letter <= "\u9fff" for letter in self.last_name + self.first_name):
            return f"{self.last_name}{self.first_name}"
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def address(self) -> list[str]:
        """The lines of the address in the reader's language, from the narrowest to the country."""
        place = [self.district, self.city, state_name(self.country, self.state), self.postal_code]
        lines = [
            self.address_line1,
            self.address_line2,
            self.address_line3,
            gettext(", ").join(dict.fromkeys(filter(None, place))),
        ]
        return [line for line in [*lines, country_name(self.country)] if line] if self.has_address else []

    def clean(self) -> None:
        """Hold the parts of the address against each other; write the telephone number as all are written."""
        super().clean()
        wrong = dict(self._address_faults())
        if self.phone_number:
            try:
                self.phone_number = phone_number(self.phone_number, country=self.country or CHINA)
            except ValidationError as error:
                wrong["phone_number"] = error
        if not self.has_address and not self.needs_address and "country" not in wrong:
            self.country = self.region = ""
        if wrong:
            raise ValidationError(wrong)

    def _address_faults(self) -> dict[str, ValidationError]:
        if not self.has_address and not self.needs_address:
            return {}
        required = ["country", "city", "address_line1"]
        wrong = {name: ValidationError(_("This field is required.")) for name in required if not getattr(self, name)}
        for name, faults in (("state", state_faults), ("postal_code", postal_code_faults)):
            if words := faults(self.country, getattr(self, name)):
                wrong[name] = ValidationError(str(words))
        return wrong


class ContactDetails(Recipient):
    """Whom to speak to at a customer."""

    customer = models.OneToOneField(
        Customer, models.CASCADE, primary_key=True, related_name="contact_details", verbose_name=_("customer")
    )

    class Meta:
        verbose_name = _("contact details")
        verbose_name_plural = _("contact details")
        constraints = [
            models.CheckConstraint(condition=models.Q(version__gte=1), name="contact_version_positive"),
            models.CheckConstraint(condition=~models.Q(email=""), name="contact_has_an_address"),
        ]


class BillingProfile(Recipient):
    """Who gets a customer's bills, in which name and how they are written."""

    customer = models.OneToOneField(
        Customer, models.CASCADE, primary_key=True, related_name="billing_profile", verbose_name=_("customer")
    )
    company_name = _line(_("company"), 200)
    # Programs name whom the profile is of beside whom the bills are addressed to.
    profile_first_name = _line(_("first name of the profile"), 50, blank=True, default="", db_default="")
    profile_last_name = _line(_("last name of the profile"), 50, blank=True, default="", db_default="")
    culture = models.CharField(_("culture"), max_length=5, choices=Culture, default=Culture.CHINESE)
    language = models.CharField(
        _("language"),
        max_length=2,
        default="zh",
        validators=[RegexValidator(r"\A[a-z]{2}\Z", _("Enter a language as two small letters, such as zh."))],
    )

    FORM_VALUES = ("company_name", *Recipient.FORM_VALUES, "culture", "language")
    VALUES = ("company_name", *Recipient.VALUES, "culture", "language", "profile_first_name", "profile_last_name")
    needs_address = True

    @property
    def language_name(self) -> str:
        """The language of the bills, in that language."""
        return dict(LANGUAGES).get(self.language, self.language)

    class Meta:
        verbose_name = _("billing profile")
        verbose_name_plural = _("billing profiles")
        constraints = [
            models.CheckConstraint(condition=models.Q(version__gte=1), name="billing_version_positive"),
            models.CheckConstraint(condition=models.Q(culture__in=Culture.values), name="billing_culture_known"),
            models.CheckConstraint(
                condition=~(
                    models.Q(company_name="")
                    | models.Q(email="")
                    | models.Q(country="")
                    | models.Q(city="")
                    | models.Q(address_line1="")
                ),
                name="billing_can_be_sent",
            ),
        ]
