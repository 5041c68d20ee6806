from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PartnersConfig(AppConfig):
    """Partners, their staff and what each may do."""

    name = "partners"
    verbose_name = _("Partners and staff")

    def ready(self) -> None:
        """Register the check that every URL says who may use it."""
        from partners import checks  # noqa: F401
