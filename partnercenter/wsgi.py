"""The WSGI entry point that gunicorn serves."""

import os
from typing import Any

import django
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "partnercenter.settings")


class PortalHandler(WSGIHandler):
    """Django's handler, which would fail before any page can be drawn where a `Content-Type` makes no sense."""

    def request_class(self, environ: dict[str, Any]) -> WSGIRequest:  # type: ignore[override]
        """The request; what it sends counts as no form where its kind cannot be read."""
        try:
            return WSGIRequest(environ)
        except (BadRequest, SuspiciousOperation, LookupError, ValueError):
            return WSGIRequest(environ | {"CONTENT_TYPE": ""})


django.setup(set_prefix=False)
application = PortalHandler()
