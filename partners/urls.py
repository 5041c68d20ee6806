"""Addresses of signing in and out, and of a person's own pages.

Of allauth only these pages are routed, under the names it reverses: partners are invited, so there is no sign-up, and
no page for e-mail addresses answers. The identity provider has addresses only where one is set.
"""

from django.conf import settings
from django.urls import include, path

from partners import joining_views, security_views, sign_in_views, views

own_pages = [
    path("language/", views.set_language, name="set_language"),
    path("theme/", views.set_theme, name="set_theme"),
    path("join/<str:join_token>/", joining_views.join, name="join"),
    path("settings/profile/", views.profile, name="profile"),
    path("settings/security/", security_views.security, name="security"),
    path(
        "settings/security/second-factor-for-all/", security_views.second_factor_for_all, name="second_factor_for_all"
    ),
]

signing_in = [
    path("sign-in/", sign_in_views.SignInView.as_view(), name="account_login"),
    path("sign-in/second-factor/", sign_in_views.SecondFactorView.as_view(), name="mfa_authenticate"),
    path("sign-in/passkey/", sign_in_views.PasskeySignInView.as_view(), name="mfa_login_webauthn"),
    path("sign-in/forgotten/", sign_in_views.forgotten_password, name="account_reset_password"),
    path("sign-in/forgotten/sent/", sign_in_views.forgotten_password_sent, name="account_reset_password_done"),
    path(
        "sign-in/new-password/<str:uidb36>/<str:key>/",
        sign_in_views.NewPasswordView.as_view(),
        name="account_reset_password_from_key",
    ),
    path("sign-out/", sign_in_views.SignOutView.as_view(), name="account_logout"),
]

confirming = [
    path("confirm/", security_views.ConfirmByPasswordView.as_view(), name="account_reauthenticate"),
    path("confirm/code/", security_views.ConfirmByCodeView.as_view(), name="mfa_reauthenticate"),
    path("confirm/passkey/", security_views.ConfirmByPasskeyView.as_view(), name="mfa_reauthenticate_webauthn"),
]

securing = [
    path("app/", security_views.SetUpAppView.as_view(), name="mfa_activate_totp"),
    path("app/remove/", security_views.RemoveAppView.as_view(), name="mfa_deactivate_totp"),
    path("passkeys/add/", security_views.AddPasskeyView.as_view(), name="mfa_add_webauthn"),
    path("passkeys/<int:pk>/remove/", security_views.RemovePasskeyView.as_view(), name="mfa_remove_webauthn"),
    path("recovery-codes/", security_views.RecoveryCodesView.as_view(), name="mfa_view_recovery_codes"),
    path("recovery-codes/new/", security_views.NewRecoveryCodesView.as_view(), name="mfa_generate_recovery_codes"),
    path("recovery-codes/file/", security_views.DownloadCodesView.as_view(), name="mfa_download_recovery_codes"),
    path("sessions/", security_views.SessionsView.as_view(), name="usersessions_list"),
]

identity_provider = [
    path("sign-in/provider/", sign_in_views.to_identity_provider, name="to_identity_provider"),
    path("sign-in/provider/<str:provider_id>/", sign_in_views.from_identity_provider, name="openid_connect_callback"),
]

urlpatterns = [
    *signing_in,
    *confirming,
    path("settings/security/", include(securing)),
    path("", include((own_pages, "partners"))),
    *(identity_provider if settings.OIDC_SERVER_URL else []),
]
