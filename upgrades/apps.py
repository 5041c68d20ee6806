from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UpgradesConfig(AppConfig):
    """The upgrade matrix, the conditions, and the upgrade itself."""

    name = "upgrades"
    verbose_name = _("Upgrades")

    def ready(self) -> None:
        """Keep the rules drawn from the catalogue in step with it, and tell what a change of it does."""
        from upgrades import catalogue_changes, receivers  # noqa: F401
