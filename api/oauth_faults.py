"""What goes wrong where tokens are given out: the errors of RFC 6749, section 5.2, and their record."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse, JsonResponse

from activity.models import ActorKind, Outcome
from activity.operations import Actor, record
from partners.models import ApiClient

GET_TOKEN = "get_token"  # noqa: S105 - the code of an operation
# In English only: RFC 6749 has no other characters here than those of ASCII.
DESCRIPTIONS = {
    "invalid_client": "The client id or secret is not valid.",
    "invalid_grant": "The code or refresh token is not valid, or not any more.",
    "invalid_request": "The request is not complete, or a parameter is there twice.",
    "temporarily_unavailable": "There were too many requests for a token. Try again in a moment.",
    "unauthorized_client": "The client may not get a token in this way.",
    "unsupported_grant_type": "Supported are client_credentials, authorization_code and refresh_token.",
}
TOO_OFTEN = "temporarily_unavailable"
STATUS = {"invalid_client": 401, TOO_OFTEN: 429}


class OAuthFault(Exception):
    """A request for a token that is refused; `client` is the API client that was named, where there is one."""

    def __init__(
        self,
        error: str,
        *,
        description: str = "",
        status: int = 0,
        client: ApiClient | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(error)
        self.error = error
        self.description = description or DESCRIPTIONS.get(error, "")
        self.status = status or STATUS.get(error, 400)
        self.client = client
        self.headers = dict(headers or {})

    def answer(self) -> HttpResponse:
        """The fault as an answer."""
        said: dict[str, Any] = {"error": self.error}
        if self.description:
            said["error_description"] = self.description
        return JsonResponse(said, status=self.status, headers=self.headers)

    def leave_record(self) -> None:
        """Record who was refused, and why; of what was sent nothing, for it may be a secret.

        Who asks too often leaves none: that would only write more.
        """
        if self.error == TOO_OFTEN:
            return
        client = self.client
        record(
            actor=client.actor if client is not None else Actor(kind=ActorKind.CLIENT),
            operation=GET_TOKEN,
            resource=client,
            outcome=Outcome.REFUSED,
            reasons=[self.error],
        )
