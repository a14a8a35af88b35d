"""Mail goes through a real SMTP server on this machine, arrives once, and what goes wrong is one sentence."""

from __future__ import annotations

import email
import email.policy
import json
import shutil
import socket
import ssl
import subprocess
from types import SimpleNamespace

import pytest
from servers import missing

from cs_helpers.delivery import mail
from cs_helpers.delivery.digest import make_digest
from cs_helpers.delivery.edition import open_edition
from cs_helpers.delivery.mail import RECORD, send
from cs_helpers.delivery.mail_settings import mail_settings
from cs_helpers.errors import ReportError, SettingError

from .conftest import PRODUCTS, QUARTER, ROOT, publish

controller = pytest.importorskip("aiosmtpd.controller")
smtp = pytest.importorskip("aiosmtpd.smtp")
SECRET = "hunter2-geheim"


class Post:
    """A mail server's handler: it keeps what it gets, and refuses what it is told to."""

    def __init__(self):
        self.mails, self.refused, self.answer, self.hang_up = [], set(), "250 OK", False

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if address in self.refused:
            return "550 no such person here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        if self.hang_up:
            server.transport.abort()
        elif self.answer.startswith("250"):
            self.mails.append(
                SimpleNamespace(sender=envelope.mail_from, to=envelope.rcpt_tos, content=envelope.content)
            )
        return self.answer


@pytest.fixture
def post(monkeypatch, tmp_path):
    """A running server without encryption; the settings lead to it."""
    monkeypatch.setenv("CS_WORKBOOK_HOME", str(tmp_path))
    handler = Post()
    running = started(handler, monkeypatch, security="none")
    yield handler
    running.stop()


def started(handler, monkeypatch, security, **options):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    running = controller.Controller(handler, hostname="127.0.0.1", port=port, **options)
    running.start()
    values = {"HOST": "127.0.0.1", "PORT": port, "SECURITY": security, "FROM": "CS <cs@example.com>",
              "TO": "a@example.com, B <b@example.com>"}  # fmt: skip
    for name, value in values.items():
        monkeypatch.setenv(f"CS_WORKBOOK_SMTP_{name}", str(value))
    return running


@pytest.fixture
def edition(tmp_path, monkeypatch):
    monkeypatch.setenv("CS_WORKBOOK_HOME", str(tmp_path))
    (tmp_path / "templates").symlink_to(ROOT / "templates")
    publish(tmp_path / "reports", summaries=PRODUCTS)
    return open_edition(reports=tmp_path / "reports")


def sent(edition, language="en", **options):
    return send(edition, make_digest(edition, language), mail_settings(), **options)


def record(edition):
    return json.loads(edition.store.content(QUARTER, RECORD) or b"{}")


def states(edition):
    return sorted(entry["state"] for entry in record(edition).values())


def test_the_digest_arrives_as_it_was_made(edition, post):
    assert sent(edition, "ja").new == ("a@example.com", "B <b@example.com>")
    (got,) = post.mails
    assert (got.sender, got.to) == ("cs@example.com", ["a@example.com", "b@example.com"])
    read = email.message_from_bytes(got.content, policy=email.policy.default)
    made = make_digest(edition, "ja")
    assert read["Subject"] == made.subject
    assert read.get_body(("plain",)).get_content().split() == made.text.split()
    assert read.get_body(("html",)).get_content().split() == made.html.split()


def test_nobody_gets_the_same_content_twice(edition, post, monkeypatch):
    sent(edition)
    assert sent(edition).before == ("a@example.com", "B <b@example.com>")
    assert len(post.mails) == 1
    monkeypatch.setenv("CS_WORKBOOK_SMTP_TO", "A Person <A@example.com>, c@example.com")
    assert sent(edition).new == ("c@example.com",)
    assert post.mails[1].to == ["c@example.com"]
    assert sent(edition, "ja").new == ("A Person <A@example.com>", "c@example.com")  # other content
    assert len(sent(edition, again=True).new) == 2


def test_the_record_survives_the_next_publication_and_names_nobody(edition, post):
    sent(edition)
    edition.store.publish(QUARTER, {"index.en.html": b"new"}, [], edition.manifest)
    assert sent(edition).new == ()
    assert states(edition) == ["sent", "sent"]
    assert "@" not in json.dumps(record(edition))


def test_who_is_refused_is_named_and_gets_it_once_the_server_takes_it(edition, post):
    post.refused = {"b@example.com"}
    done = sent(edition)
    assert done.new == ("a@example.com",)
    assert done.refused == {"b@example.com": "550 no such person here"}
    post.refused = set()
    assert sent(edition).new == ("B <b@example.com>",)
    assert [m.to for m in post.mails] == [["a@example.com"], ["b@example.com"]]


def test_where_all_are_refused_nothing_is_sent_or_marked(edition, post):
    post.refused = {"a@example.com", "b@example.com"}
    with pytest.raises(
        ReportError, match=r"refused every recipient: a@example.com \(550 no such person here\), b@"
    ):
        sent(edition)
    assert record(edition) == {}


def test_where_the_server_refuses_the_mail_nothing_is_marked(edition, post):
    post.answer = "554 looks like spam"
    with pytest.raises(
        ReportError, match=r"127.0.0.1 refused the digest: 554 looks like spam; nothing was sent"
    ):
        sent(edition)
    assert record(edition) == {}
    post.answer = "250 OK"
    assert len(sent(edition).new) == 2


def test_where_the_server_is_down_nothing_is_marked(edition, post, monkeypatch):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("CS_WORKBOOK_SMTP_PORT", str(closed.getsockname()[1]))
    with pytest.raises(
        ReportError, match=r"the mail server 127.0.0.1:\d+ cannot be reached: .*refused; nothing was sent"
    ):
        sent(edition)
    assert record(edition) == {}


def test_after_a_lost_connection_it_is_not_sent_again_before_somebody_says_so(edition, post):
    post.hang_up = True
    with pytest.raises(ReportError, match=r"not known whether it was sent to a@example\.com, b@example\.com"):
        sent(edition)
    assert states(edition) == ["sending", "sending"]
    post.hang_up = False
    with pytest.raises(
        ReportError, match=r"nobody knows whether it reached a@example.com, B <b@example.com>"
    ):
        sent(edition)
    assert post.mails == []
    assert len(sent(edition, again=True).new) == 2
    assert states(edition) == ["sent", "sent"]


def test_after_a_crash_between_the_server_s_answer_and_the_record_it_is_not_sent_again(
    edition, post, monkeypatch
):
    write = mail._Record.write

    def crash(self, changes):
        if "sent" in changes.values():
            raise KeyboardInterrupt
        write(self, changes)

    monkeypatch.setattr(mail._Record, "write", crash)
    with pytest.raises(KeyboardInterrupt):
        sent(edition)
    monkeypatch.setattr(mail._Record, "write", write)
    with pytest.raises(ReportError, match="nobody knows whether it reached"):
        sent(edition)
    assert len(post.mails) == 1


def test_a_record_that_cannot_be_read_stops_the_mail(edition, post):
    edition.store.publish(QUARTER, {RECORD: b"[1"}, [], edition.manifest)
    with pytest.raises(ReportError, match=r"sent-digests.json cannot be read"):
        sent(edition)
    assert post.mails == []


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate of 127.0.0.1 that nobody knows, and its key."""
    if not shutil.which("openssl"):
        missing("openssl")
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    return folder


@pytest.fixture
def safe_post(certificate, monkeypatch, tmp_path):
    """A server that wants STARTTLS and a password, which this machine trusts."""
    monkeypatch.setenv("CS_WORKBOOK_HOME", str(tmp_path))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")

    def authenticate(server, session, envelope, mechanism, data):
        return smtp.AuthResult(
            success=(data.login, data.password) == (b"robot", SECRET.encode()), handled=False
        )

    handler = Post()
    running = started(
        handler, monkeypatch, "starttls", tls_context=context, require_starttls=True, auth_required=True,
        authenticator=authenticate,
    )  # fmt: skip
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    monkeypatch.setenv("CS_WORKBOOK_SMTP_USER", "robot")
    monkeypatch.setenv("CS_WORKBOOK_SMTP_PASSWORD", SECRET)
    yield handler
    running.stop()


def test_it_goes_over_an_encrypted_connection_with_a_password(edition, safe_post):
    assert len(sent(edition).new) == 2
    assert len(safe_post.mails) == 1


def test_a_wrong_password_is_said_without_being_shown(edition, safe_post, monkeypatch):
    monkeypatch.setenv("CS_WORKBOOK_SMTP_PASSWORD", "wrong-" + SECRET)
    with pytest.raises(
        ReportError, match=r"refused the user robot and its password \(535\); nothing was sent"
    ) as found:
        sent(edition)
    assert SECRET not in str(found.value)
    assert record(edition) == {}


def test_a_server_that_nobody_vouches_for_gets_nothing(edition, safe_post, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(ReportError, match=r"is not safe: CERTIFICATE_VERIFY_FAILED; nothing was sent"):
        sent(edition)
    assert safe_post.mails == []


def test_a_server_that_knows_no_users_is_named(edition, post, monkeypatch):
    monkeypatch.setenv("CS_WORKBOOK_SMTP_USER", "robot")
    monkeypatch.setenv("CS_WORKBOOK_SMTP_PASSWORD", SECRET)
    with pytest.raises(ReportError, match=r"nobody can log in to the mail server 127\.0\.0\.1"):
        sent(edition)
    monkeypatch.delenv("CS_WORKBOOK_SMTP_PASSWORD")
    with pytest.raises(
        SettingError, match="the user robot needs a password in the variable CS_WORKBOOK_SMTP_PASSWORD"
    ):
        sent(edition)


def test_a_server_without_encryption_gets_no_mail_that_is_to_be_encrypted(edition, post, monkeypatch):
    monkeypatch.setenv("CS_WORKBOOK_SMTP_SECURITY", "starttls")
    with pytest.raises(ReportError, match="does not encrypt with starttls"):
        sent(edition)
    assert post.mails == []


GOOD = "host: mail.example.com\nfrom: CS <cs@example.com>\nto: [a@example.com]\n"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "there is no mail server; write host, from and to into this file, or set CS_WORKBOOK_SMTP_HOST"),
        ("- a", "settings are keys with values"),
        (GOOD + "password: x", "key 'password': a password must not stand in a file"),
        (GOOD + "sender: x", "key 'sender': there is no such key"),
        (GOOD.replace("[a@example.com]", "[]"), "key 'to':"),
        (GOOD.replace("[a@example.com]", "[nobody]"), "this is not one mail address, as in cs@example.com"),
        (GOOD.replace("[a@example.com]", '["a@example.com\\r\\nBcc: x@example.com"]'), "a mail address must be one line"),
        (GOOD.replace("CS <cs@example.com>", '"a@example.com, b@example.com"'), "this is not one mail address"),
        (GOOD + "security: tls", "key 'security': 'tls' is not allowed"),
        (GOOD + "port: 99999", "key 'port':"),
        (GOOD + "security: none\nuser: robot", "with a user, security must be starttls or ssl"),
        (GOOD + "link: javascript:alert(1)", "key 'link':"),
    ],
)  # fmt: skip
def test_a_setting_that_cannot_be_is_said(tmp_path, monkeypatch, content, problem):
    monkeypatch.setenv("CS_WORKBOOK_HOME", str(tmp_path))
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "mail.yml").write_text(content, encoding="utf-8")
    with pytest.raises(SettingError) as found:
        mail_settings()
    assert problem in str(found.value)


def test_the_environment_comes_before_the_file(tmp_path, monkeypatch):
    monkeypatch.setenv("CS_WORKBOOK_HOME", str(tmp_path))
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "mail.yml").write_text(GOOD + "security: ssl\n", encoding="utf-8")
    monkeypatch.setenv("CS_WORKBOOK_SMTP_TO", "x@example.com,営業 <y@example.com>")
    settings = mail_settings()
    assert settings.to == ("x@example.com", "営業 <y@example.com>")
    assert (settings.host, settings.server_port) == ("mail.example.com", 465)
