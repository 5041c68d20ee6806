from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UpgradesConfig(AppConfig):
    """The upgrade matrix, the conditions, and the upgrade itself."""

    name = "upgrades"
    verbose_name = _("Upgrades")

    def ready(self) -> None:
        """Keep the rules drawn from the catalogue in step with it."""
        from upgrades import receivers  # noqa: F401
