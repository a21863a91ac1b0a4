"""The vendor's codes in words, the frequent ones."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from backoffice.sms.enums import Outcome

if TYPE_CHECKING:
    from django.utils.functional import Promise

_LIMIT = "LimitExceeded.PhoneNumber"

WORDS: "dict[str, str | Promise]" = {
    f"{_LIMIT}ThirtySecondLimit": _("Too soon after the last SMS to this number"),
    f"{_LIMIT}OneHourLimit": _("Too many SMS to this number within an hour"),
    f"{_LIMIT}DailyLimit": _("Too many SMS to this number today"),
    f"{_LIMIT}SameContentDailyLimit": _("The same text to this number today already"),
    "LimitExceeded.AppDailyLimit": _("The application's SMS of the day are used up"),
    "FailedOperation.InsufficientBalanceInSmsPackage": _("The SMS package is used up"),
    "FailedOperation.PhoneNumberInBlacklist": _("The recipient has unsubscribed"),
    "FailedOperation.SignatureIncorrectOrUnapproved": _(
        "The signature is not approved"
    ),
    "FailedOperation.TemplateIncorrectOrUnapproved": _("The text is not approved"),
    "FailedOperation.TemplateParamSetNotMatchApprovedTemplate": _(
        "The text does not match the approved one"
    ),
    "InvalidParameterValue.IncorrectPhoneNumber": _("Not a mobile number"),
    "InvalidParameterValue.TemplateParameterLengthLimit": _("A value is too long"),
    "ClientNetworkError": _("The vendor cannot be reached"),
    "ServerNetworkError": _("The vendor's server has a fault"),
    "AuthFailure.SecretIdNotFound": _("The key of the account is wrong"),
    "AuthFailure.SignatureFailure": _("The key of the account is wrong"),
}


def in_words(code: str) -> str:
    """What a code means; the code itself where it is a rare one.
    An outcome stands for an answer without a code."""
    if code in Outcome.values:
        return str(Outcome(code).label)
    return str(WORDS.get(code, code))
