"""Coming in, going out, and the person's own choices."""

from __future__ import annotations

from django.contrib.auth import views as auth
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from amiable.interfaces.console import toasts
from amiable.interfaces.console.context import THEMES

YEAR_SECONDS = 365 * 24 * 3600


class LoginForm(AuthenticationForm):
    """Email address and password."""

    def clean_username(self) -> str:
        """Addresses are stored in lower case."""
        return str(self.cleaned_data["username"]).strip().lower()


class Login(auth.LoginView):
    """The way in."""

    template_name = "console/login.html"
    authentication_form = LoginForm
    redirect_authenticated_user = True


class Password(auth.PasswordChangeView):
    """Change one's own password."""

    template_name = "console/password.html"
    form_class = PasswordChangeForm
    success_url = reverse_lazy("console:dashboard")

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        response = super().form_valid(form)
        toasts.done(self.request, gettext("Your password is changed."))
        return response


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Light or dark, kept in a cookie."""
    back = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}):
        back = "/"
    response = redirect(back)
    chosen = request.POST.get("theme", "")
    if chosen in THEMES:
        response.set_cookie("theme", chosen, max_age=YEAR_SECONDS, samesite="Lax")
    return response
