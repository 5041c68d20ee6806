from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CustomersConfig(AppConfig):
    """Customers, who resells to them, and who may administer what for them."""

    name = "customers"
    verbose_name = _("Customers")
