"""Sign-in through an identity provider (OpenID Connect): for people whom the portal knows already, and nobody else."""

from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter, _build_apps_from_settings
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.base import AuthProcess
from django.http import HttpRequest, HttpResponse

from partners.answers import answer
from partners.models import Staff
from partners.operations import refuse_sign_in

# What the one provider is called in addresses.
PROVIDER = "oidc"
REFUSED = 403
UNAUTHORIZED = 401


class IdentityProviderAdapter(DefaultSocialAccountAdapter):
    """A person signs in by the e-mail address that the provider has verified; nothing of them is stored."""

    def list_apps(self, request: HttpRequest, provider: Any = None, client_id: Any = None) -> list[Any]:
        """The one provider of the settings; none is kept in the database."""
        apps = _build_apps_from_settings(provider=provider, client_id=client_id)
        return [app for found in apps.values() for app in found]

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Never."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Find whose verified address it is; refuse who is unknown, and every other use of the provider."""
        email = verified_email(sociallogin.account.extra_data)
        staff = Staff.objects.of_address(email)
        if staff is None or not staff.is_active or sociallogin.state.get("process") != AuthProcess.LOGIN:
            refuse_sign_in(email=email, reason="identity_provider")
            raise ImmediateHttpResponse(answer(request, "socialaccount/refused.html", {"email": email}, REFUSED))
        sociallogin.user = staff

    def on_authentication_error(self, request: HttpRequest, provider: Any, **what: Any) -> None:
        """Say on a page of the portal that the provider did not say who it is."""
        raise ImmediateHttpResponse(no_word(request))


def no_word(request: HttpRequest) -> HttpResponse:
    """The page, and the record, of a sign-in for which the provider did not say who it is."""
    refuse_sign_in(email="", reason="identity_provider")
    return answer(request, "socialaccount/failed.html", {}, UNAUTHORIZED)


def verified_email(said: dict[str, Any]) -> str:
    """The address that the provider says is verified; empty where it does not, or contradicts itself."""
    userinfo, token = said.get("userinfo") or {}, said.get("id_token") or {}
    if userinfo and token and userinfo.get("sub") != token.get("sub"):
        return ""
    data = userinfo or token
    email = data.get("email")
    if data.get("email_verified") is not True or not isinstance(email, str) or "\0" in email:
        return ""
    return email[:254]
