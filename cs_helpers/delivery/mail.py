"""Sends a digest, to nobody twice.

A record in the quarter's folder (`RECORD`) holds, for each recipient of each content, whether it is being sent or was
sent, under a hash: it names nobody. `sending` is written before the server gets the content and `sent` after it took
it. What fails before that is removed again; after a crash or a lost connection in between, it is not known whether the
mail arrived, and it is not sent again before a person says so.
"""

from __future__ import annotations

import json
import smtplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from cs_helpers import hashes
from cs_helpers.delivery.digest import Digest
from cs_helpers.delivery.edition import Edition
from cs_helpers.delivery.mail_settings import MailSettings, address_of, password
from cs_helpers.errors import ReportError

RECORD = "sent-digests.json"
#: seconds that the server may take for an answer
_PATIENCE = 30


@dataclass(frozen=True)
class Sent:
    """The end of sending a digest. refused: recipient -> answer of the server."""

    new: tuple[str, ...]
    before: tuple[str, ...]
    refused: dict[str, str]


def send(edition: Edition, digest: Digest, settings: MailSettings, *, again: bool = False) -> Sent:
    """Sends a digest to those recipients who have not got it; `again`: to all.

    Raises `ReportError` where the server cannot be reached or refuses the mail, and where an earlier call ended before
    it was known whether the mail arrived.
    """
    recipients = {address_of(to).lower(): to for to in settings.to}
    with edition.store.lock(edition.manifest.quarter):
        record = _Record(edition)
        keys = {address: hashes.of(f"{digest.key} {address}") for address in recipients}
        states = {address: record.states.get(key, "") for address, key in keys.items()}
        uncertain = [recipients[a] for a, state in states.items() if state == "sending"]
        if uncertain and not again:
            raise ReportError(
                f"sending this digest broke off before, so nobody knows whether it reached {', '.join(uncertain)}; ask"
                " there, then send it with --again if it did not"
            )
        due = [address for address, state in states.items() if again or state != "sent"]
        before = tuple(recipients[a] for a in recipients if a not in due)
        if not due:
            return Sent((), before, {})
        message = digest.message(settings.sender, settings.to)
        with _connection(settings) as server:
            accepted, refused = _envelope(server, settings, due)
            if not accepted:
                raise ReportError(
                    f"{settings.host} refused every recipient: {_listed(refused)}; nothing was sent"
                )
            record.write({keys[a]: "sending" for a in accepted})
            try:
                code, answer = server.data(message.as_bytes())
            except smtplib.SMTPDataError as error:
                code, answer = error.smtp_code, _bytes(error.smtp_error)
            except OSError:
                raise ReportError(
                    f"{settings.host} broke off while it took the digest, so it is not known whether it was sent to"
                    f" {', '.join(accepted)}; ask there, then send it with --again if it was not"
                ) from None
            if code != 250:
                record.write(dict.fromkeys((keys[a] for a in accepted), ""))
                raise ReportError(
                    f"{settings.host} refused the digest: {_answer(code, answer)}; nothing was sent"
                )
            record.write({keys[a]: "sent" for a in accepted})
    return Sent(tuple(recipients[a] for a in accepted), before, refused)


class _Record:
    """Who got which digest of a quarter, in its folder. states: hash of digest and recipient -> sending or sent."""

    def __init__(self, edition: Edition) -> None:
        self._edition = edition
        content = edition.store.content(edition.manifest.quarter, RECORD)
        try:
            entries = json.loads(content or b"{}")
            self.states = {key: str(entry["state"]) for key, entry in entries.items()}
        except (ValueError, TypeError, KeyError, AttributeError):
            raise ReportError(
                f"{edition.location(RECORD)} cannot be read, so it is not known who got the digest; delete it if nobody"
                " did"
            ) from None
        self._entries = entries

    def write(self, states: dict[str, str]) -> None:
        """Changes states, on the disk; '' removes one."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self._entries |= {key: {"state": state, "at": now} for key, state in states.items()}
        self._entries = {key: entry for key, entry in self._entries.items() if entry["state"]}
        content = (json.dumps(self._entries, indent=1, sort_keys=True) + "\n").encode()
        store, quarter = self._edition.store, self._edition.manifest.quarter
        store.publish(quarter, {RECORD: content}, [], store.manifest(quarter))


@contextmanager
def _connection(settings: MailSettings) -> Iterator[smtplib.SMTP]:
    """A connection to the mail server, encrypted and logged in as the settings say."""
    secret = password(settings) if settings.user else ""
    place = f"{settings.host}:{settings.server_port}"
    tls = ssl.create_default_context()
    server: smtplib.SMTP | None = None
    try:
        if settings.security == "ssl":
            server = smtplib.SMTP_SSL(settings.host, settings.server_port, timeout=_PATIENCE, context=tls)
        else:
            server = smtplib.SMTP(settings.host, settings.server_port, timeout=_PATIENCE)
            if settings.security == "starttls":
                server.starttls(context=tls)
        if secret:
            server.login(settings.user, secret)
        server.ehlo_or_helo_if_needed()
    except smtplib.SMTPNotSupportedError as error:
        _close(server)
        if "STARTTLS" in str(error):
            raise ReportError(
                f"the mail server {place} does not encrypt with starttls; change security in the mail settings"
            ) from None
        raise ReportError(
            f"nobody can log in to the mail server {place}; leave out user in the mail settings"
        ) from None
    except smtplib.SMTPAuthenticationError as error:
        _close(server)
        raise ReportError(
            f"the mail server {place} refused the user {settings.user} and its password ({error.smtp_code}); nothing was"
            " sent"
        ) from None
    except ssl.SSLError as error:
        _close(server)
        raise ReportError(
            f"the connection to the mail server {place} is not safe: {error.reason or error}; nothing was sent"
        ) from None
    except (OSError, smtplib.SMTPException) as error:
        _close(server)
        reason = getattr(error, "strerror", None) or str(error)
        raise ReportError(f"the mail server {place} cannot be reached: {reason}; nothing was sent") from None
    try:
        yield server
    finally:
        _close(server)


def _close(server: smtplib.SMTP | None) -> None:
    if server is not None:
        with suppress(OSError, smtplib.SMTPException):
            server.quit()
        server.close()


def _envelope(
    server: smtplib.SMTP, settings: MailSettings, due: Sequence[str]
) -> tuple[list[str], dict[str, str]]:
    """Names sender and recipients to the server: who is accepted, and who is refused with which answer."""
    try:
        code, answer = server.mail(address_of(settings.sender))
        if code != 250:
            raise ReportError(
                f"{settings.host} refused the sender {settings.sender}: {_answer(code, answer)}; nothing was sent"
            )
        answers = {address: server.rcpt(address) for address in due}
    except (OSError, smtplib.SMTPException) as error:
        raise ReportError(f"{settings.host} broke off: {error}; nothing was sent") from None
    refused = {a: _answer(*answer) for a, answer in answers.items() if answer[0] not in (250, 251)}
    return [address for address in due if address not in refused], refused


def _answer(code: int, answer: bytes) -> str:
    return f"{code} {' '.join(answer.decode('utf-8', 'replace').split())}"


def _bytes(answer: bytes | str) -> bytes:
    return answer.encode() if isinstance(answer, str) else answer


def _listed(refused: dict[str, str]) -> str:
    return ", ".join(f"{address} ({answer})" for address, answer in refused.items())
