"""Wrong settings of WeChat Pay are found at the start, without telling secrets."""

import pytest
from django.core.checks import run_checks

from sales import merchant
from sales.gateway import GatewayError, Reason


def ids(**more):
    return [m.id for m in run_checks(**more) if str(m.id).startswith("sales.")]


def test_without_a_merchant_nothing_is_wrong(settings):
    settings.WECHAT_PAY_MCH_ID = ""
    assert ids() == []
    assert ids(include_deployment_checks=True) == ["sales.I001"]


def test_the_simulator_is_fine_in_the_demo_only(merchant_api, settings):
    settings.DEMO = True
    assert ids() == []
    settings.DEMO = False
    assert ids() == ["sales.E002", "sales.E003"]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("WECHAT_PAY_V2_KEY", "short", "v2: The v2 API key"),
        ("WECHAT_PAY_V3_KEY", "short", "v3: The APIv3 key"),
        ("WECHAT_PAY_PRIVATE_KEY_PATH", "/nowhere", "cannot be read"),
        ("WECHAT_PAY_PUBLIC_KEY_PATH", "/nowhere", "public key cannot be read"),
        ("WECHAT_PAY_SERIAL_NO", "", "serial number"),
        ("WECHAT_PAY_MCH_ID", "x", "merchant number"),
        ("WECHAT_PAY_NOTIFY_BASE", "", "WECHAT_PAY_NOTIFY_BASE"),
    ],
)
def test_what_is_wrong_is_named(merchant_api, settings, name, value, words):
    settings.DEMO = True
    keys = settings.WECHAT_PAY_V2_KEY, settings.WECHAT_PAY_V3_KEY
    setattr(settings, name, value)
    messages = [str(m.msg) for m in run_checks() if str(m.id).startswith("sales.")]
    assert any(words in message for message in messages)
    assert not any(key in message for key in keys for message in messages)


def test_a_gateway_that_cannot_be_opened_refuses_for_certain(merchant_api, settings):
    settings.WECHAT_PAY_PRIVATE_KEY_PATH = "/nowhere"
    with pytest.raises(GatewayError) as caught:
        merchant.gateway()
    assert caught.value.reason == Reason.CONFIGURATION
    assert caught.value.is_refused


def test_what_was_begun_by_the_other_interface_goes_on(merchant_api):
    other = "v2" if merchant_api == "v3" else "v3"
    assert merchant.has_keys(other)
    assert type(merchant.gateway(other)) is not type(merchant.gateway())
