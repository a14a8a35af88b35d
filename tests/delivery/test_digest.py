"""The digest: what it says, and that it is a mail that every program reads."""

from __future__ import annotations

import email
import email.policy
import re
from datetime import UTC, datetime

import pytest
from bs4 import BeautifulSoup

from cs_helpers.delivery.digest import Digest, make_digest
from cs_helpers.delivery.edition import Edition, open_edition
from cs_helpers.errors import ReportError

from .conftest import DO, PRODUCTS, ROSE, STALL, publish

LINK = "https://intranet.example.com/cs/"


def digest_of(folder, language="en", link="", audience="leadership", **options):
    publish(folder, audience, summaries=options.pop("summaries", PRODUCTS), **options)
    return make_digest(open_edition(audience=audience, reports=folder), language, link)


def seen(digest):
    """What a reader of the HTML reads, without line breaks."""
    body = BeautifulSoup(digest.html, "html.parser").body
    body.find("div").decompose()  # what a mail program shows beside the subject, hidden in the mail
    return " ".join(body.get_text(" ").split())


def flat(digest):
    return " ".join(digest.text.split())


@pytest.fixture(scope="module")
def english(tmp_path_factory):
    return digest_of(tmp_path_factory.mktemp("en"), "en", LINK)


@pytest.fixture(scope="module")
def japanese(tmp_path_factory):
    return digest_of(tmp_path_factory.mktemp("ja"), "ja", LINK)


def test_the_subject_counts_the_decisions(english, japanese, tmp_path):
    assert english.subject == "Customer success Q3 2026: 2 decisions needed"
    assert japanese.subject == "カスタマーサクセス 2026年7〜9月期：判断が必要な項目 2件"
    assert digest_of(tmp_path / "one", summaries=PRODUCTS[:1]).subject.endswith(": 1 decision needed")
    assert digest_of(tmp_path / "none", summaries=()).subject.endswith(": nothing needs a decision")


@pytest.mark.parametrize("read", [seen, flat])
def test_decisions_are_ranked_by_mrr_with_customers_who_and_by_when(english, read):
    said = read(english)
    first = said.index("9 customers · MRR ¥640,000 · CSM · by 29 Nov 2026")
    assert first < said.index("9 customers · MRR ¥250,000 · CSM · by 29 Nov 2026")
    assert said.count(STALL["en"]) == 2
    assert f"→ {DO['en']}" in said


def test_what_is_not_known_of_a_decision_is_left_out(tmp_path):
    said = flat(digest_of(tmp_path, who="", by="", mrr=None))
    assert "9 customers → Deliver" in said
    assert "MRR –" not in said


@pytest.mark.parametrize("read", [seen, flat])
def test_numbers_of_all_products_are_added_up_and_noise_is_called_so(english, read):
    said = read(english)
    # by hand: 40 + 10 customers against 38 + 12; 4,000,000 + 1,000,000 against 4,100,000 + 900,000
    assert re.search(r"Customers:? 50 .{0,3}Last quarter 50: ±0, unchanged", said)
    assert re.search(r"MRR:? ¥5,000,000 .{0,3}Last quarter ¥5,000,000: ±¥0, unchanged", said)
    assert re.search(r"MRR:? ¥4,000,000 .{0,3}Last quarter ¥4,100,000: −¥100,000 \(−2\.4%\), worse", said)
    assert re.search(
        r"NRR:? 99\.0% \(?95%: 95\.0% – 100\.0%\)? .{0,3}Last quarter 97\.0%: \+2\.0 points, may be chance",
        said,
    )


@pytest.mark.parametrize("read", [seen, flat])
def test_the_japanese_digest_is_japanese(japanese, read):
    said = read(japanese)
    assert "9社 ・ MRR ￥640,000 ・ 担当 CSM ・ 期限 2026年11月29日" in said
    assert ROSE["ja"] in said
    assert "レポートの作成状況" in said
    words = re.sub(r"MRR|NRR|CSM|Lv|https?://\S+|Interviews", "", said)
    assert not re.search(r"[A-Za-z]{4,}", re.sub(r"[0-9]{4}-[0-9a-f-]+", "", words))


@pytest.mark.parametrize("read", [seen, flat])
def test_what_failed_and_what_has_no_summary_is_said(tmp_path, read):
    said = read(digest_of(tmp_path, summaries=PRODUCTS[:1]))
    assert "Help Desk: Interviews" in said
    assert "6, of them 1 could not be produced" in said
    assert "Help Desk: no summary was published" in said
    assert "All products together" not in said  # a sum without one of them would be wrong


def test_nothing_new_is_a_sentence(tmp_path):
    said = flat(digest_of(tmp_path, summaries=()))
    assert "Nothing needs a decision now." in said
    assert "no analysis found a change that chance does not explain" in said


def test_the_html_escapes_what_it_is_given_and_asks_no_other_machine(english):
    page = BeautifulSoup(english.html, "html.parser")
    assert "&lt;in one session&gt;" in english.html
    assert "<in one session>" in english.text
    assert not page.find_all(["script", "img", "link", "iframe", "object", "form"])
    assert re.findall(r"""(?:https?:)?//[^"'\s<]+""", english.html) == [LINK]
    assert page.html["lang"] == "en"
    assert page.find("a")["href"] == LINK


def test_no_sign_stands_in_it_that_a_mail_program_may_lack(english):
    assert "\u2060" not in english.text + english.html


def test_without_an_address_there_is_no_link(tmp_path):
    assert BeautifulSoup(digest_of(tmp_path).html, "html.parser").find("a") is None


def test_the_mail_is_seven_bit_text_and_html_in_both_languages(english, japanese):
    for digest in (english, japanese):
        content = digest.message(
            "CS team <cs@example.com>", ["a@example.com", "B <b@example.com>"]
        ).as_bytes()
        assert content.isascii()
        assert max(len(line) for line in content.split(b"\r\n")) <= 998
        read = email.message_from_bytes(content, policy=email.policy.default)
        assert read["Subject"] == digest.subject
        assert [a.addr_spec for a in read["To"].addresses] == ["a@example.com", "b@example.com"]
        assert read["Message-ID"].endswith("@example.com>")
        assert read.get_content_type() == "multipart/alternative"
        plain, page = read.iter_parts()
        assert (plain.get_content_type(), page.get_content_type()) == ("text/plain", "text/html")
        assert plain.get_content().split() == digest.text.split()
        assert page.get_content().split() == digest.html.split()


def test_a_subject_cannot_add_a_header():
    made = Digest("en", "Hello\r\nBcc: everybody@example.com", "t", "h", datetime(2026, 10, 2, tzinfo=UTC))
    read = email.message_from_bytes(made.message("a@example.com", ["b@example.com"]).as_bytes())
    assert read["Bcc"] is None
    assert read["Subject"] == "Hello Bcc: everybody@example.com"


def test_the_same_content_is_the_same_draft_whenever_it_was_published(tmp_path):
    first = digest_of(tmp_path)
    edition = open_edition(reports=tmp_path)
    again = make_digest(edition, "en")
    assert again.draft() == first.draft()
    later = edition.manifest.model_copy(update={"published_at": "2026-11-01T00:00:00+00:00"})
    assert make_digest(Edition(edition.store, later), "en").key == first.key
    assert make_digest(edition, "ja").key != first.key
    assert b"X-Unsent: 1" in first.draft()  # mail programs open it for editing


def test_the_team_s_digest_says_that_it_stays_in_the_team(tmp_path):
    made = digest_of(tmp_path, audience="team")
    assert made.subject.startswith("[Team edition] ")
    assert "Team edition: holds names" in seen(made)
    assert "Team edition: holds names" in made.text


def test_a_language_without_reports_is_refused(tmp_path):
    with pytest.raises(ReportError, match="published in the language ja"):
        digest_of(tmp_path, "ja", languages=("en",))
