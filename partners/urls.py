"""Addresses of signing in and out, and of a person's own pages.

Of allauth only these two pages are routed, under the names it reverses: partners are invited, so there is no
sign-up, and no e-mail or password-reset page answers.
"""

from django.urls import include, path

from partners import views

own_pages = [
    path("language/", views.set_language, name="set_language"),
    path("theme/", views.set_theme, name="set_theme"),
    path("settings/profile/", views.profile, name="profile"),
    path("settings/security/", views.security, name="security"),
]

urlpatterns = [
    path("sign-in/", views.SignInView.as_view(), name="account_login"),
    path("sign-out/", views.SignOutView.as_view(), name="account_logout"),
    path("", include((own_pages, "partners"))),
]
