"""Generate the data dictionary `data/README.md` from the contract."""

from __future__ import annotations

from cs_helpers.contract.schema import Table
from cs_helpers.contract.tables import TABLES

_HEAD = """\
# The tables of the workbook / ワークブックのテーブル

Written from `cs_helpers/contract/tables.py` by `make dictionary`; do not edit by hand.
Only `accounts` is required, and one table that says what they did with which product. Without another table, the
analyses that need it say on their page what they cannot say; without `contracts` accounts are counted, each from its
first row on, and nothing is said of customers, losses and MRR. Column "tells": what leadership may read of it
(`cs_helpers/contract/disclosure.py`): `public`; `company` and `person` name somebody; `told` was learnt in
an interview and never stands beside a name there. How to map your own tables: `docs/bring-your-own-data.md`.

必須は `accounts` と、製品ごとの記録があるテーブル1つだけです。ほかのテーブルがない場合、それを使う分析は「何が言えないか」を
ページ上に示します。`contracts` がない場合は、最初の記録がある日から企業を数え、顧客数・解約・MRRは示しません。「tells」列は経営層版での扱いです(`public` 公開可、`company`・`person` は名前、
`told` は聞き取った内容で、経営層版では名前と並べません)。自社データの対応付けは `docs/bring-your-own-data.md` を参照してください。
"""


def data_dictionary() -> str:
    """The dictionary as Markdown, with English and Japanese side by side."""
    return "\n".join([_HEAD, *(_section(table) for table in TABLES.values())])


def _section(table: Table) -> str:
    requirement = "required / 必須" if table.required else "optional / 任意"
    key = ", ".join(f"`{k}`" for k in table.key) or "none / なし"
    rows = []
    for name, column in table.columns.items():
        metadata = column.metadata
        kind = metadata["kind"] + (f" ({metadata['unit']})" if metadata["unit"] else "")
        needed = "yes" if metadata["mapped"] else ""
        disclosure = table.discloses(name)
        rows.append(
            f"| `{name}` | {kind} | {needed} | {disclosure} | {metadata['en']} | {metadata['ja']} | `{metadata['example']}` |"
        )
    lines = [
        f"## {table.name} ({requirement})",
        "",
        f"{table.meaning['en']} / {table.meaning['ja']}",
        "",
        f"Key / キー: {key}",
        "",
        "| column | type | needed | tells | meaning | 意味 | example |",
        "|---|---|---|---|---|---|---|",
        *rows,
        "",
    ]
    return "\n".join(lines)
