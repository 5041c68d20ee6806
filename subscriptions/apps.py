from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SubscriptionsConfig(AppConfig):
    """What customers bought, and its life."""

    name = "subscriptions"
    verbose_name = _("Subscriptions")

    def ready(self) -> None:
        """Register the checks of this room."""
        from subscriptions import checks  # noqa: F401
