"""Names of companies and persons, addresses and numbers never stand in a masked text."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import cs_helpers.sample
from cs_helpers.words.doubts import Confirmed
from cs_helpers.words.masking import Masker
from cs_helpers.words.pseudonyms import Pseudonyms

COMPANIES = {
    "A-2": "Foxglove Home Care Ltd", "A-1": "株式会社北浜パッケージ", "A-3": "Target", "A-4": "東和精機工業株式会社",
    "A-5": "Kao", "A-6": "ライン株式会社",
}  # fmt: skip
NUMBER = Masker(COMPANIES).numbers.companies


def name(kind: str, number: int) -> str:
    company = {n: account for account, n in NUMBER.items()}
    return f"<{company[number]}>" if kind == "company" else f"<{kind}{number or ''}>"


def number_by_appearance(texts: list[str]) -> list[str]:
    """With persons numbered as they come: which number stands for whom is a secret's to say."""
    seen: dict[str, dict[str, int]] = {"person": {}, "staff": {}}

    def placed(match: re.Match[str]) -> str:
        kind = seen[match[1]]
        return f"<{match[1]}{kind.setdefault(match[2], len(kind) + 1)}>"

    return [re.sub(r"<(person|staff)(\d+)>", placed, text) for text in texts]


def mask_texts(*texts: str, of: str = "A-1", **told: Confirmed) -> list[str]:
    return number_by_appearance(
        Masker(COMPANIES, ["csm-03", "Ishibashi"], **told).mask(texts, [of] * len(texts), name)
    )


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("北浜パッケージの現場", "<A-1>の現場"),
        ("株式会社北浜パッケージの現場", "<A-1>の現場"),
        ("Foxglove home care's clerk", "<A-2>'s clerk"),
        ("ＦＯＸＧＬＯＶＥ　ＨＯＭＥ　ＣＡＲＥ", "<A-2>"),
        ("北 浜 パ ッ ケ ー ジ", "<A-1>"),
        ("Target came, the target of 60% stays", "<A-3> came, the target of 60% stays"),
        ("田中太郎さんが退職", "<person1>さんが退職"),
        ("高橋部長と鈴木に確認", "<person1>部長と<person2>に確認"),
        ("グプタさんとスタッフさん", "<person1>さんとスタッフさん"),
        ("Mr. Brown called", "Mr. <person1> called"),
        ("Ms Foxworthy's desk", "Ms <person1>'s desk"),
        ("asked Jane Smith in Accounting", "asked <person1> in Accounting"),
        ("Watanabe-san agreed", "<person1>-san agreed"),
        ("Smithさんの席", "<person1>さんの席"),
        ("as Ishibashi says", "as <staff1> says"),
        ("mail taro.k+1@example.co.jp now", "mail <mail> now"),
        ("see https://example.com/a?b=1 now", "see <link> now"),
        ("(090-1234-5678)", "(<phone>)"),
        ("０９０－１２３４－５６７８まで", "<phone>まで"),
        ("03(1234)5678", "<phone>"),
        ("call +44 20 7946 0958.", "call <phone>."),
        ("09012345678に", "<phone>に"),
        ("電話は03-1234-5678です", "電話は<phone>です"),
        ("携帯は090ー1234ー5678、TEL03-1234-5678", "携帯は<phone>、TEL<phone>"),
        ("+81-(0)90-1234-5678 or +14155552671", "<phone> or <phone>"),
        ("Tel. 415 555 2671", "Tel. <phone>"),
        ("請求書はtaro@example.co.jpに送るが誰も見ていない", "請求書は<mail>に送るが誰も見ていない"),
        ("https://example.comを見て使えない", "<link>を見て使えない"),
        ("portal.kitahama-pack.co.jp/login へ", "<link> へ"),
        ("taro＠example.co.jp…とだけ", "<mail>…とだけ"),
        ("東和精機は早い", "<A-4>は早い"),
        ("北浜ﾊﾟｯｹｰｼﾞの人", "<A-1>の人"),
        ("Foxglove-Home Care, Foxglove Home too", "<A-2>, <A-2> too"),
        ("Kao and KAO", "<A-5> and <A-5>"),
        ("ラインが止まる", "<A-6>が止まる"),
        ("Mr.Brown and Dr.Suzuki", "Mr.<person1> and Dr.<person2>"),
        ("Mr McDonald and Ms. de la Cruz", "Mr <person1> and Ms. <person2>"),
        ("met John F. Kennedy today", "met <person1> today"),
        ("asked Martin Fowler", "asked <person1>"),
        ("tanaka-san said", "<person1>-san said"),
        ("JANE SMITH left", "<person1> left"),
        ("TARGET refused", "<A-3> refused"),
        ("Target's buyer", "<A-3>'s buyer"),
    ],
)
def test_a_name_an_address_or_a_number_is_hidden(text: str, hidden: str) -> None:
    assert mask_texts(text) == [hidden]


@pytest.mark.parametrize(
    "text",
    [
        "請求書640通、1,234,567円、2024-12-31、60〜70%、10:30",
        "2025-04-01 09:00から開始、2025.04.01-2025.06.30、2023 2024 2025、12 345 678 900 円",
        "伝票番号 2024-0012-3456、オンラインで申請、ガイドラインは",
        "the Victoria office and our data systems",
        "お客様、皆さん、担当者さん、業者さん、店長さん、オーナーさん",
        "Accounting folds invoices in May; Mark the file. Will they? Excel, CSV and PDF on Monday",
        "The General Affairs lead at Head Office asked for the Web version",
        "経理部の管理者権限、月末の締め、情シスのセキュリティ審査",
    ],
)
def test_text_without_names_is_unchanged(text: str) -> None:
    assert mask_texts(text) == [text]


def test_a_person_has_one_pseudonym_in_all_notes_of_a_company() -> None:
    texts = ["田中さんに聞いた", "Jane Smith came", "田中太郎さんと佐藤さん", "Jane agreed", "Smith too"]
    assert mask_texts(*texts) == [
        "<person1>さんに聞いた", "<person2> came", "<person1>さんと<person3>さん", "<person2> agreed", "<person2> too",
    ]  # fmt: skip


def test_people_of_the_same_name_in_two_companies_are_two() -> None:
    masked = Masker(COMPANIES).mask(["田中さん", "田中さん"], ["A-1", "A-2"], name)
    assert number_by_appearance(masked) == ["<person1>さん", "<person2>さん"]


def test_a_company_has_the_same_number_whoever_speaks_of_it() -> None:
    assert Masker(COMPANIES).mask(["北浜パッケージ", "北浜パッケージ"], ["A-2", "A-1"], name) == ["<A-1>"] * 2


def test_the_sample_names_nobody() -> None:
    file = Path(cs_helpers.sample.__file__).with_name("statements.yml")
    said = yaml.safe_load(file.read_text(encoding="utf-8"))
    told = [statement[language] for statement in said for language in ("en", "ja")]
    assert Masker({}).mask(told, ["A"] * len(told), name) == told


@given(st.text(max_size=40), st.sampled_from(list(COMPANIES.values())[:2]), st.text(max_size=40))
def test_whatever_stands_around_it_a_company_is_hidden(before: str, company: str, after: str) -> None:
    text = f"{before} {company} {after}"
    [masked] = mask_texts(text)
    bare = re.sub(r"株式会社|\s|Ltd", "", company).casefold()
    assert (
        bare not in re.sub(r"\s", "", masked).casefold()
        or bare in re.sub(r"\s", "", before + after).casefold()
    )


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("Okonkwo told us no", "<doubt> told us no"),
        ("they asked Okonkwo's team", "they asked <doubt>'s team"),
        ("the lead (Wójcik) said no", "the lead (<doubt>) said no"),
        ("the lead (Wo\u0301jcik) said no", "the lead (<doubt>) said no"),
        ("Łukaszewicz and Şahinoğlu agreed", "<doubt> and <doubt> agreed"),
        ("OKONKWO REFUSED", "<doubt> REFUSED"),
        ("Ｏｋｏｎｋｗｏ said so", "<doubt> said so"),
        ("Okonkwoの反対", "<doubt>の反対"),
        ("オコンクォは断った", "<doubt>は断った"),
        ("Baker told us to wait", "<doubt> told us to wait"),
        ("we met Brown again", "we met <doubt> again"),
        ("Anglo-Okonkwo stays", "<doubt> stays"),
        ("Ng refused", "<doubt> refused"),
        ("BAKER told us so", "<doubt> told us so"),
        ("nguyen refused", "<doubt> refused"),
        ("the CFO (Brown) refused", "the CFO (<doubt>) refused"),
        ("Baker's team refused", "<doubt>'s team refused"),
        ("we talked with Baker", "we talked with <doubt>"),
        ("Grant from accounting", "<doubt> from accounting"),
        ("凪さんが反対", "<doubt>さんが反対"),
        ("御子柴部長が反対", "<doubt>部長が反対"),
    ],
)  # fmt: skip
def test_possible_names_are_hidden_until_they_are_confirmed_as_words(text: str, hidden: str) -> None:
    masker = Masker(COMPANIES)
    assert masker.mask([text], ["A-1"], name) == [hidden]
    words = frozenset(masker.doubts)
    assert words
    plain = unicodedata.normalize("NFKC", text)
    assert all(word in plain and word in context for word, context in masker.doubts.items())
    assert mask_texts(text, confirmed=Confirmed(words=words)) == [text]


def test_a_confirmed_name_has_a_pseudonym_like_any_other() -> None:
    confirmed = Confirmed(names=frozenset({"Okonkwo", "Wójcik"}))
    texts = ("Okonkwo told us no", "(Wójcik)", "Okonkwo again", "(Wo\u0301jcik)")
    assert mask_texts(*texts, confirmed=confirmed) == [
        "<person1> told us no", "(<person2>)", "<person1> again", "(<person2>)",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "the baker and the brown box", "Brown envelopes arrive", "Stone paper is white. White is cheaper.",
        "お客様、皆さん、たくさん、営業部長、副社長、担当者さん、新社長、業者さん、奥さん、経理の課長、事業部長、工場長さん",
        "The PDF, the CSVs, the ERP and JSON files, in HTML", "I don't, We'll, It's, They're", "Q3 and FY2026 OK",
    ],
)  # fmt: skip
def test_words_of_the_dictionary_are_not_possible_names(text: str) -> None:
    assert mask_texts(text) == [text]


def test_a_confirmed_name_is_hidden_wherever_it_stands_alone() -> None:
    masked = mask_texts("Baker came. Bakery. The baker.", confirmed=Confirmed(names=frozenset({"Baker"})))
    assert masked == ["<person1> came. Bakery. The baker."]


def test_new_names_change_no_existing_number() -> None:
    first = Masker({"A-1": "Kita", "A-2": "Minami"}, numbers=Pseudonyms("secret"))
    first.mask(["田中さんと鈴木さん"], ["A-1"], name)
    later = Masker({"A-0": "Aoi", "A-2": "Minami", "A-3": "Higashi"}, numbers=first.numbers)
    later.mask(["佐藤さん", "鈴木さん"], ["A-1", "A-1"], name)
    assert later.numbers.companies | first.numbers.companies == later.numbers.companies
    assert sorted(later.numbers.companies.values()) == [1, 2, 3, 4]
    before, after = first.numbers.persons[""], later.numbers.persons[""]
    assert before.items() <= after.items()
    assert sorted(after.values()) == [1, 2, 3]


OTHERS = {
    "B-1": "Harbor Foods", "B-2": "GE", "B-3": "株式会社光", "B-4": "株式会社青葉製作所", "B-5": "三菱UFJ銀行", "40417": "Numera Oy",
    "B-6": "Booking.com", "B-7": "The Blue Bottle Company", "B-8": "株式会社みちしるべ配送",
}  # fmt: skip
STAFF = ["May", "森", "csm-07", "Hope", "research", "営業"]


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("We visited Harbor.", "We visited <doubt>."),
        ("Harbor Foods, the harbor", "<B-1>, the harbor"),
        ("GE prints, pages do", "<B-2> prints, pages do"),
        ("光では紙のまま、日光は", "<B-3>では紙のまま、日光は"),
        ("青葉では", "<doubt>では"),
        ("三菱UFJも", "<B-5>も"),
        ("See account 40417 or T-00012, 640 pages", "See account <40417> or <key>, 640 pages"),
        ("Booking told us", "<doubt> told us"),
        ("Blue Bottle and Blue bottles", "<B-7> and <doubt> bottles"),
        ("みちしるべさん", "<B-8>さん"),
        ("Agreed with May; they may", "Agreed with <staff1>; they may"),
        ("担当の森が言った。森林", "担当の<staff1>が言った。森林"),
        ("csm-07 called, I hope. Hope did", "<staff1> called, I hope. <staff2> did"),
        ("research and 営業", "research and 営業"),
    ],
)  # fmt: skip
def test_names_of_the_tables_are_hidden_however_short_they_are(text: str, hidden: str) -> None:
    masker = Masker(OTHERS, STAFF, keys=["T-00012", "640", "month"])
    accounts = {n: account for account, n in masker.numbers.companies.items()}

    def said(kind: str, number: int) -> str:
        return f"<{accounts[number]}>" if kind == "company" else f"<{kind}{number or ''}>"

    assert number_by_appearance(masker.mask([text], ["B-1"], said)) == [hidden]
