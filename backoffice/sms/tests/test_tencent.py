"""Tencent Cloud SMS by its SDK, against a server that answers as the vendor does."""

import pytest

from backoffice.sms import backends, sending, tasks
from backoffice.sms.enums import Outcome, SmsStatus
from backoffice.sms.models import SmsMessage

MOBILE = "13800138000"


def ask():
    return backends.chosen().send(MOBILE, "low_stock", ["红富士", "3"], "…")


def test_the_vendor_is_asked_once_and_rightly(vendor):
    answer = ask()
    assert answer.outcome == Outcome.SENT
    assert answer.serial == "5000:1045710669157053657849499619"
    (request,) = vendor.requests
    assert request == {
        "PhoneNumberSet": ["+8613800138000"],
        "SmsSdkAppId": "1400006666",
        "TemplateId": "449739",
        "SignName": "鲜果店",
        "TemplateParamSet": ["红富士", "3"],
    }
    (headers,) = vendor.headers
    assert headers["X-TC-Action"] == "SendSms"
    assert headers["X-TC-Version"] == "2021-01-11"
    assert headers["X-TC-Region"] == "ap-guangzhou"


@pytest.mark.parametrize(
    ("said", "outcome", "code"),
    [
        ("Ok", "sent", "Ok"),
        ("LimitExceeded.PhoneNumberThirtySecondLimit", "later", None),
        ("LimitExceeded.PhoneNumberOneHourLimit", "later", None),
        ("LimitExceeded.PhoneNumberDailyLimit", "later", None),
        ("LimitExceeded.DeliveryFrequencyLimit", "later", None),
        ("FailedOperation.InsufficientBalanceInSmsPackage", "later", None),
        ("FailedOperation.TemplateIncorrectOrUnapproved", "refused", None),
        ("FailedOperation.PhoneNumberInBlacklist", "refused", None),
        ("InvalidParameterValue.IncorrectPhoneNumber", "refused", None),
        ("InvalidParameterValue.TemplateParameterLengthLimit", "refused", None),
        ("Something.New", "later", None),
        ("error:RequestLimitExceeded", "later", "RequestLimitExceeded"),
        ("error:InternalError.Timeout", "later", "InternalError.Timeout"),
        ("error:AuthFailure.SecretIdNotFound", "later", "AuthFailure.SecretIdNotFound"),
        ("error:MissingParameter", "refused", "MissingParameter"),
        ("status:502", "later", "ServerNetworkError"),
        ("garbage", "later", "JSONDecodeError"),
        ("empty", "later", ""),
        ("silence", "later", "ClientNetworkError"),
    ],
)
def test_every_answer_has_its_outcome_and_costs_one_request(
    vendor, said, outcome, code
):
    vendor.answers[:] = [said]
    answer = ask()
    assert answer.outcome == outcome
    assert answer.code == (said if code is None else code)
    assert len(vendor.requests) == 1, "the SDK asks once"
    assert MOBILE not in answer.detail


def test_a_vendor_that_is_away_is_asked_again_later(settings, vendor):
    settings.SMS_ENDPOINT = "http://127.0.0.1:9"
    answer = ask()
    assert (answer.outcome, answer.code) == (Outcome.LATER, "ClientNetworkError")


def test_a_wrong_key_is_told(settings, vendor):
    settings.TENCENTCLOUD_SECRET_KEY = "another"
    assert ask().code == "AuthFailure.SignatureFailure"


@pytest.mark.django_db
def test_a_limited_number_gets_its_message_when_the_limit_is_over(vendor, clock):
    vendor.answers[:] = ["LimitExceeded.PhoneNumberOneHourLimit"]
    message = sending.send(MOBILE, "low_stock", name="红富士", count=3)
    assert tasks.sweep() == {"later": 1}
    clock.on(minutes=59)
    assert tasks.sweep() == {}
    clock.on(minutes=1)
    assert tasks.sweep() == {"sent": 1}
    message = SmsMessage.objects.get(pk=message.pk)
    assert message.status == SmsStatus.SENT
    codes = list(message.tries.values_list("code", flat=True))
    assert codes == ["LimitExceeded.PhoneNumberOneHourLimit", "Ok"]
