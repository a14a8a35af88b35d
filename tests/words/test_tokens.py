"""Words by their normalised form, and what is counted as one."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_helpers.words.tokens import extract_terms, known_terms, tokenize


def forms(text: str) -> list[str]:
    return [term.form for term in extract_terms(text)]


@pytest.mark.parametrize("written", ["つまづく", "つまずいた", "躓いて"])
def test_each_spelling_of_a_word_has_one_form(written: str) -> None:
    assert tokenize(written)[0].form == "躓く"
    assert extract_terms(written)[0].written == ("躓く" if written.startswith("躓") else written[:3] + "く")


def test_runs_of_nouns_are_one_term() -> None:
    assert forms("請求書の管理者権限を部署長に渡した") == ["請求書", "管理者権限", "部署長", "渡す"]


def test_politeness_and_counts_are_no_part_of_a_term() -> None:
    # 約 belongs to the number, 通 counts it, ご and お are only polite
    assert forms("請求書約640通をご希望の条件で") == ["請求書", "希望", "条件"]


def test_names_of_persons_are_no_terms() -> None:
    assert "田中" not in "".join(forms("田中太郎さんが入力画面で止まった"))
    assert "入力画面" in forms("田中太郎さんが入力画面で止まった")


@pytest.mark.parametrize(
    ("written", "term"),
    [("2部署目", "第二部署"), ("second department's", "第二部署"), ("SSO", "シングルサインオン"), ("エクセル", "Excel"), ("hand-over", "引き継ぎ")],
)  # fmt: skip
def test_spellings_of_the_dictionary_are_counted_as_one(written: str, term: str) -> None:
    assert forms(f"{written}") == [term]


def test_each_spelling_of_the_dictionary_is_found_by_itself() -> None:
    lost = [spelling for spelling in known_terms() if len(forms(spelling)) != 1]
    assert lost == []


def test_english_words_have_their_dictionary_form_and_no_function_words() -> None:
    assert forms("They weren't sorting the invoices: the clerk's printer jams.") == ["sort", "invoice", "clerk", "printer", "jam"]  # fmt: skip
    assert forms("CSV files, U.S. offices, mail to a.b@example.co.jp, 3rd of 12,000") == ["CSV", "file", "U.S.", "office", "mail"]  # fmt: skip


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=60))
def test_the_places_of_tokens_are_right_in_any_text(text: str) -> None:
    result = tokenize(text)
    assert all(0 <= t.start < t.end <= len(text) for t in result)
    assert all(a.end <= b.start for a, b in pairwise(result))
    assert all(text[t.start : t.end].strip() for t in result)
    for term in extract_terms(text):
        assert text[term.start : term.end].strip()


def test_a_text_longer_than_the_tagger_takes_is_read_whole() -> None:
    text = "請求書を封入した。" * 9_000
    result = tokenize(text)
    assert sum(t.form == "請求" for t in result) == 9_000
    assert result[-1].end == len(text)


def test_half_a_surrogate_pair_breaks_nothing() -> None:
    assert forms("請求書\ud83dを送った")[0] == "請求書"


@pytest.mark.parametrize(
    ("text", "written"),
    [("設定が使いにくい", "使いにくい"), ("わかりづらいと言われた", "わかりづらい"), ("見やすくなった", "見やすい"), ("もう使えなかった", "使えない"), ("分からない", "分からない")],
)  # fmt: skip
def test_difficulty_and_negation_are_part_of_the_term(text: str, written: str) -> None:
    assert written in [term.written for term in extract_terms(text)]


LOAN_WORDS = [
    "スマートフォン",
    "カスタマーサクセス",
    "ダッシュボード",
    "オンボーディング",
    "サブスクリプション",
    "ユーザーインターフェース",
    "ヘルススコア",
    "デジタルトランスフォーメーション",
    "クラウドサービス",
    "キャンセルポリシー",
    "スマホ",
    "タブレット",
    "チャットボット",
    "ワークフロー",
    "ペーパーレス",
    "シングルサインオン",
    "アクティブユーザー",
    "インボイス",
    "アップセル",
    "プロジェクトマネージャー",
    "フリーランス",
    "リモートワーク",
    "ノーコード",
    "リスキリング",
    "ホームページ",
    "メールアドレス",
    "インサイドセールス",
    "エンゲージメント",
    "スプレッドシート",
    "ボトルネック",
    "ﾀﾞｯｼｭﾎﾞｰﾄﾞ",
    "ｽﾏｰﾄﾌｫﾝ",
]


@pytest.mark.parametrize("word", LOAN_WORDS)
def test_a_loan_word_is_one_word_whatever_its_parts(word: str) -> None:
    result = tokenize(f"新しい{word}を見た")
    written = [f"新しい{word}を見た"[t.start : t.end] for t in result]
    assert written[:3] == ["新しい", word, "を"]
    assert forms(f"新しい{word}を見た").count(forms(word)[0]) == len(forms(word)) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("カスタマー・サクセスの話", ["カスタマー・サクセス", "の", "話"]),  # the dictionary has it as one
        ("カスタマー サクセスの話", ["カスタマー サクセス", "の", "話"]),
        ("ｶｽﾀﾏｰ･ｻｸｾｽの話", ["ｶｽﾀﾏｰ･ｻｸｾｽ", "の", "話"]),
        ("トイレ・バス・キッチン", ["トイレ", "・", "バス", "・", "キッチン"]),  # a list
        ("プロジェクト マネージャー", ["プロジェクト", "マネージャー"]),
        ("キックオフミーティング", ["キックオフ", "ミーティング"]),  # the dictionary has the one
        ("ヘルススコアダッシュボード", ["ヘルススコア", "ダッシュボード"]),
        ("スマートな人のスマートフォン", ["スマート", "な", "人", "の", "スマートフォン"]),
        ("クラウドサービス版", ["クラウドサービス", "版"]),
        ("マイクスミスさん", ["マイク", "スミス", "さん"]),  # names are masked one by one
        ("640キロバイト", ["640", "キロバイト"]),
        ("・・・ー", None),
    ],
)
def test_where_a_loan_word_ends(text: str, words: list[str] | None) -> None:
    result = [text[t.start : t.end] for t in tokenize(text)]
    assert words is None or result == words


def test_each_spelling_of_a_loan_word_has_one_form() -> None:
    for one, other in (
        ("プロジェクトマネージャ", "プロジェクトマネージャー"), ("カスタマー・サクセス", "カスタマーサクセス"), ("ｽﾏｰﾄﾌｫﾝ", "スマートフォン"),
        ("Two invoices", "Two invoice"),
    ):  # fmt: skip
        assert [t.form for t in tokenize(one)] == [t.form for t in tokenize(other)]
    # an English word in a Japanese note has its dictionary form too
    assert "invoice" in forms("invoicesを送った")
