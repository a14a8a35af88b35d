"""A section of a product file as YAML that can be pasted into it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml
from pydantic import BaseModel

#: mappings of single values stand on one line up to this length, as people write them
_LINE = 100


class _Dumper(yaml.SafeDumper):
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:
        """Lists lie further in than their key, as in the product files that the workbook comes with."""
        return super().increase_indent(flow, False)


def _mapping(dumper: yaml.SafeDumper, value: dict[str, Any]) -> yaml.Node:
    is_flat = not any(isinstance(part, dict | list) for part in value.values())
    on_a_line = is_flat and len(str(value)) <= _LINE
    return dumper.represent_mapping("tag:yaml.org,2002:map", value, flow_style=on_a_line)


_Dumper.add_representer(dict, _mapping)


def section_yaml(name: str, section: BaseModel) -> str:
    """The section `name` with all that differs from the defaults, in the order of the model."""
    content = _plain(section.model_dump(exclude_defaults=True, by_alias=True))
    return yaml.dump({name: content}, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=10**6)


def _plain(value: Any) -> Any:
    """Lists and mappings as YAML knows them; 2 instead of 2.0."""
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
