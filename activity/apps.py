from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ActivityConfig(AppConfig):
    """The append-only record of what was done."""

    name = "activity"
    verbose_name = _("Activity")
