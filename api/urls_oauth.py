"""The addresses of the authority: where programs get tokens and people say whether programs may act for them."""

from django.urls import path

from api import consent_views, token_views

app_name = "oauth"

# Without a slash at the end, and in small letters: that is how `ProtocolMiddleware` hands every spelling on.
urlpatterns = [
    path("generatetoken", token_views.generate_token, name="generate_token"),
    path("<str:tenant>/oauth2/token", token_views.token, name="token"),
    path("<str:tenant>/oauth2/authorize", consent_views.authorize, name="authorize"),
]
