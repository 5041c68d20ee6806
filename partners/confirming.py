"""Before a sensitive act a person shows once more who they are: by password, authenticator app or passkey."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.utils.http import urlencode
from django.utils.translation import gettext as _

# A link in a mail says who can read the mail, not who sits here.
NOT_SHOWN_HERE = frozenset({"password_reset"})


def has_confirmed(request: HttpRequest) -> bool:
    """Whether this person showed who they are within the last minutes, at sign-in or afterwards."""
    shown = get_authentication_records(request, request.user)
    since = time.time() - settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
    return any(record["at"] > since and record["method"] not in NOT_SHOWN_HERE for record in shown)


def reauthenticate[View: Callable[..., Any]](view: View | None = None, *, back: str = "") -> Any:
    """Ask who it is before this view runs, unless that was asked within the last minutes.

    Afterwards the person is led back to the page, or to `back`, the name of a URL, where the view takes only POST.
    What was posted is not kept: it may be a password.
    """

    def ask_first(view: View) -> Callable[..., Any]:
        @wraps(view)
        def confirmed(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            return view(request, *args, **kwargs) if has_confirmed(request) else _ask(request, back)

        return confirmed

    return ask_first if view is None else ask_first(view)


def _ask(request: HttpRequest, back: str) -> HttpResponseBase:
    methods = get_adapter().get_reauthentication_methods(request.user)
    if not methods:
        messages.warning(request, _("You have no password here yet. Have a link mailed to you, and choose one."))
        return redirect("account_reset_password")
    if request.method == "POST":
        messages.info(request, _("Show first that it is you; then do it once more."))
    way = urlencode({REDIRECT_FIELD_NAME: resolve_url(back) if back else request.get_full_path()})
    address = f"{methods[0]['url']}?{way}"
    if getattr(request, "htmx", False):
        return HttpResponse(status=401, headers={"HX-Redirect": address})
    return redirect(address)
