from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PartnercenterConfig(AppConfig):
    """Settings, root URLs, and the demo, import and export commands."""

    name = "partnercenter"
    verbose_name = _("Partner center")

    def ready(self) -> None:
        """Filter what is logged of requests."""
        from partnercenter.logs import keep_secrets_out_of_logs

        keep_secrets_out_of_logs()
