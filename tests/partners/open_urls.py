"""A URL whose view forgot to say who may use it."""

from django.http import HttpRequest, HttpResponse
from django.urls import path


def forgotten(request: HttpRequest) -> HttpResponse:
    return HttpResponse("open to everyone")


urlpatterns = [path("forgotten/", forgotten)]
