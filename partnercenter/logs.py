"""Keeps the secrets of links out of the logs, and puts the correlation id of the request into them."""

import logging
import re
from collections.abc import MutableMapping

from activity.origin import correlation_said

SECRET_PATH = re.compile(r"/(invitation|access|join|new-password/[^/?\s]+)/[^/?\s]+")
# Those that log the paths of requests: Django's own, its server for development, and gunicorn.
LOGGERS = ("django.request", "django.server", "django.security", "gunicorn.access")


class WithoutSecrets(logging.Filter):
    """Puts dots in the place of the token of a link, wherever a path is logged."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record through, without tokens."""
        if isinstance(record.args, MutableMapping):
            for name, value in list(record.args.items()):
                record.args[name] = _without(value)
        elif isinstance(record.args, tuple):
            record.args = tuple(map(_without, record.args))
        return True


class WithCorrelation(logging.Filter):
    """Gives each line the correlation id that the request's answer and its activity records carry."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record through, with the id, or a dash outside of requests."""
        answered = getattr(record, "request", None)
        record.correlation = correlation_said() or getattr(answered, "correlation_said", "-")
        return True


def _without(value: object) -> object:
    return SECRET_PATH.sub(r"/\1/…", value) if isinstance(value, str) else value


def keep_secrets_out_of_logs() -> None:
    """Filter the loggers that name the paths of requests; once, however often this is asked for."""
    for name in LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(one, WithoutSecrets) for one in logger.filters):
            logger.addFilter(WithoutSecrets())
