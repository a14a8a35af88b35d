"""Read YAML settings files, and describe their mistakes in a sentence with the key."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from cs_helpers.errors import SettingError, did_you_mean

#: the C loader is ten times as fast, but PyYAML may have been built without it
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(file: Path) -> Any:
    """The content of a YAML file. Raises `SettingError`, with line and column where it is not valid YAML."""
    try:
        text = file.read_text(encoding="utf-8-sig")
        try:
            content = yaml.load(text, Loader=_LOADER)
        except yaml.YAMLError:
            content = yaml.safe_load(text)  # slower, but locates the mistake better
        if _holds_itself(content):
            raise SettingError(file, "a part of it ('&' and '*') holds itself, which has no end")
        return content
    except FileNotFoundError:
        raise SettingError(file, "there is no such file") from None
    except IsADirectoryError:
        raise SettingError(file, "this is a folder, a YAML file is needed") from None
    except PermissionError:
        raise SettingError(file, "the file may not be read; check its permissions") from None
    except UnicodeDecodeError:
        raise SettingError(file, "the file is not UTF-8 text; save it as UTF-8") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        position = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        reason = getattr(error, "problem", None) or getattr(error, "reason", None) or "cannot be read"
        raise SettingError(file, f"this is not valid YAML{position}: {reason}") from None


def _holds_itself(content: Any, around: tuple[int, ...] = ()) -> bool:
    """Whether a part of YAML is inside itself, as an anchor that is used below itself."""
    if not isinstance(content, dict | list):
        return False
    parts = content.values() if isinstance(content, dict) else content
    inside = (*around, id(content))
    return id(content) in around or any(_holds_itself(part, inside) for part in parts)


def setting_error(file: Path, error: ValidationError, model: type[BaseModel]) -> SettingError:
    """The first error of pydantic as a sentence with the invalid key.

    A misspelt key comes before the key that is missing because of it.
    """
    everything = error.errors()
    # pydantic leaves out the wrong entries of a list, and may then call it too short as well
    inside = {e["loc"][:n] for e in everything for n in range(len(e["loc"]))}
    errors = [e for e in everything if e["type"] != "too_short" or e["loc"] not in inside]
    first = min(errors, key=lambda e: e["type"] != "extra_forbidden")
    key = ".".join(str(part) for part in first["loc"])
    further = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    context = first.get("ctx", {})
    if first["type"] == "extra_forbidden":
        fields = _fields_at(model, first["loc"][:-1])
        hint = did_you_mean(str(first["loc"][-1]), fields)
        return SettingError(
            file, f"there is no such key{further}.{hint}".rstrip("."), key=key, allowed=", ".join(fields)
        )
    if first["type"] == "missing":
        return SettingError(file, f"this key is needed and missing{further}", key=key)
    if first["type"] == "literal_error":
        allowed = context["expected"].replace("' or '", "', '")  # a list in any language
        return SettingError(file, f"{first['input']!r} is not allowed{further}", key=key, allowed=allowed)
    if first["type"] in ("dict_type", "model_type", "model_attributes_type"):
        return SettingError(file, f"keys with values are needed here{further}", key=key)
    if first["type"] in ("tuple_type", "list_type"):
        return SettingError(file, f"a list is needed here, each entry after '- '{further}", key=key)
    if first["type"] == "too_short":
        least, length = context["min_length"], context["actual_length"]
        return SettingError(file, f"{least} or more entries are needed here, not {length}{further}", key=key)
    if first["type"] in ("int_type", "int_parsing", "int_from_float"):
        return SettingError(file, f"a whole number is needed, not {first['input']!r}{further}", key=key)
    if first["type"].startswith("date_"):
        return SettingError(
            file, f"a day is needed, as 2026-03-31, not {str(first['input'])!r}{further}", key=key
        )
    if first["type"] == "string_pattern_mismatch":
        return SettingError(
            file,
            f"a text of the form {context['pattern']} is needed, not {first['input']!r}{further}",
            key=key,
        )
    message = first["msg"].removeprefix("Value error, ")
    message = message[:1].lower() + message[1:]
    given = "" if isinstance(first["input"], dict | list) else f", not {first['input']!r}"
    return SettingError(file, f"{message}{given}{further}", key=key)


def _fields_at(model: Any, location: tuple[str | int, ...]) -> list[str]:
    """The keys that are allowed at a location inside a model."""
    annotation: Any = model
    for part in location:
        if get_origin(annotation) is dict:
            annotation = get_args(annotation)[1]
        elif isinstance(part, str) and (nested := _model_in(annotation)):
            field = _fields_by_key(nested).get(part)
            annotation = field.annotation if field else None
    target = _model_in(annotation)
    return list(_fields_by_key(target)) if target else []


def _fields_by_key(model: type[BaseModel]) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _model_in(annotation: Any) -> Any:
    """The pydantic model inside an annotation like `tuple[Model, ...]` or `Model | None`; None if there is none."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        if model := _model_in(inner):
            return model
    return None
