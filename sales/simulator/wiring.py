"""The gateway's configuration for a simulated merchant."""

from sales.gateway.config import Timeouts, V2Config, V3Config
from sales.simulator.identity import Identity


def config_for(
    identity: Identity,
    base_url: str,
    api: str,
    *,
    timeouts: Timeouts | None = None,
    sign_type: str = "MD5",
) -> V2Config | V3Config:
    """What `open_gateway` needs to reach the simulator at `base_url` by `api`, v2 or
    v3. Other processes get the same from `Identity.load_or_make(directory)`."""
    ca_file = identity.ca if base_url.startswith("https") else None
    waits = timeouts or Timeouts()
    if api == "v2":
        return V2Config(
            appid=identity.appid,
            mch_id=identity.mch_id,
            base_url=base_url,
            timeouts=waits,
            ca_file=ca_file,
            api_key=identity.api_key,
            cert_file=identity.merchant_certificate,
            key_file=identity.merchant_key,
            sign_type=sign_type,
        )
    if api == "v3":
        return V3Config(
            appid=identity.appid,
            mch_id=identity.mch_id,
            base_url=base_url,
            timeouts=waits,
            ca_file=ca_file,
            api_v3_key=identity.api_v3_key,
            private_key=identity.merchant_key.read_text(encoding="ascii"),
            serial_no=identity.serial_no,
            public_key=identity.platform_public_key.read_text(encoding="ascii"),
            public_key_id=identity.public_key_id,
        )
    raise ValueError(f"there is no interface {api!r}")


def settings_for(identity: Identity, base_url: str, notify_base: str) -> dict[str, str]:
    """The same as settings of the shop, for both versions: {name: value}. WeChat finds
    the shop at `notify_base`."""
    return {
        "WECHAT_PAY_MCH_ID": identity.mch_id,
        "WECHAT_PAY_APPID": identity.appid,
        "WECHAT_PAY_NOTIFY_BASE": notify_base,
        "WECHAT_PAY_BASE_URL": base_url,
        "WECHAT_PAY_PRIVATE_KEY_PATH": str(identity.merchant_key),
        "WECHAT_PAY_V2_KEY": identity.api_key,
        "WECHAT_PAY_CERTIFICATE_PATH": str(identity.merchant_certificate),
        "WECHAT_PAY_V3_KEY": identity.api_v3_key,
        "WECHAT_PAY_SERIAL_NO": identity.serial_no,
        "WECHAT_PAY_PUBLIC_KEY_PATH": str(identity.platform_public_key),
        "WECHAT_PAY_PUBLIC_KEY_ID": identity.public_key_id,
    }
