from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ApiConfig(AppConfig):
    """The REST API under /v1, for programs of partners."""

    name = "api"
    verbose_name = _("API")
