"""django-allauth's forms in this house's words; what they check and do is theirs."""

from typing import Any, ClassVar

from allauth.account import forms as account
from allauth.mfa.base import forms as mfa
from allauth.mfa.totp import forms as totp
from django import forms
from django.utils.translation import gettext_lazy as _

PASSWORD_HELP = _("At least 10 characters; not just digits, nor something that others would guess.")


class InOurWords(forms.Form):
    """Labels above the fields, and nothing inside them that vanishes when one types."""

    words: ClassVar[dict[str, Any]] = {
        "login": _("E-mail"),
        "email": _("E-mail"),
        "password": _("Password"),
        "remember": _("Remember me on this device"),
        "oldpassword": _("Password until now"),
        "password1": _("New password"),
        "password2": _("New password, once more"),
        "code": _("Code"),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label = self.words.get(name, field.label)
            field.widget.attrs.pop("placeholder", None)
            if name == "password1":
                field.help_text = PASSWORD_HELP


class Login(InOurWords, account.LoginForm):  # type: ignore[misc]
    pass


class ChangePassword(InOurWords, account.ChangePasswordForm):  # type: ignore[misc]
    pass


class SetPassword(InOurWords, account.SetPasswordForm):  # type: ignore[misc]
    pass


class ResetPassword(InOurWords, account.ResetPasswordForm):  # type: ignore[misc]
    pass


class ResetPasswordFromKey(InOurWords, account.ResetPasswordKeyForm):  # type: ignore[misc]
    pass


class Reauthenticate(InOurWords, account.ReauthenticateForm):  # type: ignore[misc]
    pass


class SecondStep(InOurWords, mfa.AuthenticateForm):  # type: ignore[misc]
    pass


class SecondStepAgain(InOurWords, mfa.ReauthenticateForm):  # type: ignore[misc]
    pass


class SwitchOnSecondStep(InOurWords, totp.ActivateTOTPForm):  # type: ignore[misc]
    pass
