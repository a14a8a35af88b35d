"""How digests are mailed: `data/mail.yml`, and environment variables in its place; the password is never in the file."""

from __future__ import annotations

import os
from email.errors import MessageError
from email.headerregistry import Address
from email.policy import SMTP
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from cs_helpers import paths
from cs_helpers.contract.settings_file import read_yaml, setting_error
from cs_helpers.errors import SettingError

PREFIX = "CS_WORKBOOK_SMTP_"
PASSWORD = f"{PREFIX}PASSWORD"
_PORTS = {"starttls": 587, "ssl": 465, "none": 25}


_NO_ADDRESS = "this is not one mail address, as in cs@example.com"


def _checked_address(value: Any) -> str:
    """A mail address, as in cs@example.com or CS team <cs@example.com>."""
    text = str(value).strip()
    if any(ord(c) < 32 for c in text):
        raise ValueError("a mail address must be one line")
    try:
        header: Any = SMTP.header_factory("To", text)
        (address,) = header.addresses
    except (ValueError, MessageError, IndexError):
        raise ValueError(_NO_ADDRESS) from None
    if header.defects or not (address.username and address.domain and address.addr_spec.isascii()):
        raise ValueError(_NO_ADDRESS)
    return text


def _listed(value: Any) -> Any:
    """A list of addresses; of a text with commas, its parts."""
    return [part for part in value.split(",") if part.strip()] if isinstance(value, str) else value


_MailAddress = Annotated[str, BeforeValidator(_checked_address)]


class MailSettings(BaseModel):
    """The mail server, the sender and the recipients."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = Field(min_length=1)
    port: int = Field(0, ge=0, le=65535)
    """0: the usual one of `security`."""
    security: Literal["starttls", "ssl", "none"] = "starttls"
    user: str = ""
    sender: _MailAddress = Field(alias="from")
    to: Annotated[tuple[_MailAddress, ...], BeforeValidator(_listed), Field(min_length=1)]
    link: Annotated[str, Field(pattern=r"^(https?://[^\s<>\"]+)?$")] = ""
    """The address at which the recipients find the reports."""

    @model_validator(mode="after")
    def _passwords_travel_encrypted(self) -> MailSettings:
        if self.user and self.security == "none" and self.host not in ("localhost", "127.0.0.1", "::1"):
            raise ValueError(
                "with a user, security must be starttls or ssl, or the password could be read on its way"
            )
        return self

    @property
    def server_port(self) -> int:
        """The port."""
        return self.port or _PORTS[self.security]


def address_of(value: str) -> str:
    """The bare address of a sender or recipient, as a mail server knows it."""
    header: Any = SMTP.header_factory("To", value)
    address: Address = header.addresses[0]
    return address.addr_spec


def has_mail_settings() -> bool:
    """Whether there are any settings, right or wrong."""
    return _file().exists() or f"{PREFIX}HOST" in os.environ


def mail_settings() -> MailSettings:
    """The settings of `data/mail.yml` and the environment. Raises `SettingError` where they are missing or invalid."""
    file = _file()
    shown = Path(paths.display_path(file))
    content: Any = (read_yaml(file) or {}) if file.exists() else {}
    if not isinstance(content, dict):
        raise SettingError(shown, "settings are keys with values, as in host: mail.example.com")
    if "password" in content:
        raise SettingError(
            shown, f"a password must not stand in a file; put it into the variable {PASSWORD}", key="password"
        )
    names = ("host", "port", "security", "user", "from", "to", "link")
    content |= {name: value for name in names if (value := os.environ.get(f"{PREFIX}{name.upper()}"))}
    if "host" not in content:
        raise SettingError(
            shown,
            f"there is no mail server; write host, from and to into this file, or set {PREFIX}HOST, {PREFIX}FROM and"
            f" {PREFIX}TO",
        )
    try:
        return MailSettings.model_validate(content)
    except ValidationError as error:
        raise setting_error(shown, error, MailSettings) from None


def _file() -> Path:
    return paths.home() / "data" / "mail.yml"


def password(settings: MailSettings) -> str:
    """The password of the user. Raises `SettingError` where there is none."""
    found = os.environ.get(PASSWORD, "")
    if not found:
        raise SettingError(
            "data/mail.yml",
            f"the user {settings.user} needs a password in the variable {PASSWORD}",
            key="user",
        )
    return found
