"""What `manage.py check` says about the settings of this room."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.utils.module_loading import import_string


@register()
def check_provisioner(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The class that provisions is there: otherwise each order would wait for ever."""
    try:
        found = import_string(settings.PROVISIONER)
    except ImportError as error:
        return [_error(str(error))]
    return [] if callable(getattr(found, "provision", None)) else [_error("It has no method “provision”.")]


def _error(why: str) -> Error:
    return Error(
        f"PROVISIONER={settings.PROVISIONER} cannot provision: {why}",
        hint="Give the dotted path of a class of the kind subscriptions.provisioning.Provisioner.",
        id="subscriptions.E001",
    )
