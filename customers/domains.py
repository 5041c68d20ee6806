"""Primary domains: how one is typed, and whether it is free."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from customers.models import HOST_NAME, Customer


def full_domain(typed: str) -> str:
    """The host name that is meant, in small letters; one word alone is a name under the cloud's own domain.

    Raises `ValidationError` where it is none.
    """
    text = typed.strip().lower()
    domain = text if "." in text else f"{text}.{settings.CUSTOMER_DOMAIN}"
    if not HOST_NAME.match(domain):
        raise ValidationError(
            _("“%(value)s” is no domain. Use letters of the English alphabet, digits and hyphens: contoso, %(full)s."),
            params={"value": typed[:80], "full": f"contoso.{settings.CUSTOMER_DOMAIN}"},
            code="invalid",
        )
    return domain


def is_domain_available(domain: str) -> bool:
    """Whether no customer of the portal, whoever's, has this primary domain."""
    return not Customer.objects.with_domain(domain).exists()
