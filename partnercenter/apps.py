from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PartnercenterConfig(AppConfig):
    """Settings, root URLs, and the demo, import and export commands."""

    name = "partnercenter"
    verbose_name = _("Partner center")
