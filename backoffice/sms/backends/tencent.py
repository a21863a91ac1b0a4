"""Tencent Cloud SMS, by the vendor's own SDK; one request for each call, never more."""

import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from tencentcloud.common.credential import Credential
from tencentcloud.common.exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.common.retry import NoopRetryer
from tencentcloud.sms.v20210111.models import SendSmsRequest
from tencentcloud.sms.v20210111.sms_client import SmsClient

from backoffice.base.masking import mask_text
from backoffice.sms.backends.answers import Answer
from backoffice.sms.enums import Outcome

#: what will be no better the next time: number, text, values
_FOR_GOOD = (
    "InvalidParameter",
    "InvalidParameterValue",
    "MissingParameter",
    "UnsupportedOperation",
    "FailedOperation",
)
#: of these, what passes by itself or with a top-up
_PASSES = {
    "FailedOperation.InsufficientBalanceInSmsPackage",
    "FailedOperation.FailResolvePacket",
    "FailedOperation.OtherError",
}
_WAITS = {
    "LimitExceeded.PhoneNumberThirtySecondLimit": timedelta(seconds=30),
    "LimitExceeded.PhoneNumberOneHourLimit": timedelta(hours=1),
}


class Backend:
    """Asks `SMS_ENDPOINT` with the account of the settings."""

    def send(self, mobile: str, template: str, values: list[str], text: str) -> Answer:
        """Hand the message over to the vendor."""
        request = SendSmsRequest()
        request.PhoneNumberSet = [f"+86{mobile}"]
        request.SmsSdkAppId = settings.SMS_APP_ID
        request.SignName = settings.SMS_SIGN_NAME
        request.TemplateId = settings.SMS_TEMPLATES.get(template, "")
        request.TemplateParamSet = values
        client = _client()
        try:
            response = client.SendSms(request)
        except TencentCloudSDKException as error:
            return _answer(str(error.code or ""), _words(error.message))
        finally:
            client.request.conn._session.close()
        statuses = response.SendStatusSet or []
        if not statuses:
            return _answer("", json.dumps(response._serialize())[:300])
        (status, *_rest) = statuses
        return _answer(
            str(status.Code or ""),
            str(status.Message or ""),
            str(status.SerialNo or ""),
        )


def _client() -> SmsClient:
    where = urlsplit(settings.SMS_ENDPOINT)
    http = HttpProfile(
        protocol=where.scheme,
        endpoint=where.netloc,
        reqTimeout=settings.SMS_TIMEOUT,
    )
    profile = ClientProfile(httpProfile=http)
    # attempts are rows of ours; the SDK must not make any of its own
    profile.retryer = NoopRetryer()
    credential = Credential(
        settings.TENCENTCLOUD_SECRET_ID, settings.TENCENTCLOUD_SECRET_KEY
    )
    return SmsClient(credential, settings.SMS_REGION, profile)


def _words(message: Any) -> str:
    if isinstance(message, bytes):
        message = message.decode("utf-8", "replace")
    return str(message or "")


def _answer(code: str, detail: str, serial: str = "") -> Answer:
    """The vendor's code as one of our outcomes; an unknown one is tried again."""
    if code == "Ok":
        return Answer(Outcome.SENT, code, detail, serial)
    family = code.split(".", 1)[0]
    is_final = family in _FOR_GOOD and code not in _PASSES
    return Answer(
        Outcome.REFUSED if is_final else Outcome.LATER,
        code,
        mask_text(detail),
        serial,
        wait=_WAITS.get(code),
        next_day=family == "LimitExceeded" and code.endswith("DailyLimit"),
    )
