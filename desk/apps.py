from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DeskConfig(AppConfig):
    """The pages that look across all rooms: the desk, customers, their subscriptions, the activity log."""

    name = "desk"
    verbose_name = _("Desk")
