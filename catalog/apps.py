from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CatalogConfig(AppConfig):
    """Services, their plans, and the offers that are sold."""

    name = "catalog"
    verbose_name = _("Catalogue")
