"""The loader of settings: defaults, then ``sevengates.toml``, then ``SEVENGATES_*`` variables, then overrides.

A later source wins key by key. A name that no model knows is an error that says the nearest one.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast, get_args

from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo

from trading.codes import ReasonCode
from trading.errors import ConfigError
from trading.settings.environment import HOME
from trading.settings.models import SevengatesSettings, Spec, tables

DEFAULT_FILE = "sevengates.toml"
PREFIX = "SEVENGATES_"
RESERVED_VARIABLES = MappingProxyType(
    {
        HOME: "Short for `runtime.home`: the folder of all run-time state.",
        "SEVENGATES_CONFIG": "Path of the settings file, instead of `sevengates.toml` in the working directory.",
        "SEVENGATES_COMPILED": "Folder of compiled code, instead of `cache/numba` under the home folder.",
        "SEVENGATES_MARKET_DATA": "Folder of real market data for the tests that use it; unset, they are skipped.",
    }
)
MASK = "**********"
# USER:PASSWORD or TOKEN in SCHEME://USER:PASSWORD@HOST; a password may hold anything, slashes too.
_USER = re.compile(r"(?<=://)(?P<user>[^:/@\s]*)(?P<password>:\S*)?(?=@)")
_QUERY = re.compile(
    r"(?i)(?<=[?&])(?P<name>[^=&\s]*(?:password|passwd|pwd|token|secret|key|signature)[^=&\s]*)=[^&\s]+"
)


@dataclass(frozen=True)
class Setting:
    """One documented key: ``table.name``, its type with bounds, its default as TOML, and what it means."""

    key: str
    type: str
    default: str
    description: str

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        table, name = self.key.split(".")
        return f"{PREFIX}{table.upper()}__{name.upper()}"


@dataclass(frozen=True)
class _Given:
    """A value as the user gave it, and where."""

    value: Any
    origin: str


def load_settings(
    file: Path | None = None,
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, Any] = MappingProxyType({}),
) -> SevengatesSettings:
    """Join every source of settings into one frozen model.

    Args:
        file: TOML file; None is ``SEVENGATES_CONFIG``, else ``sevengates.toml`` in the working directory if it exists.
        environ: variables; None is the environment of this process.
        overrides: values by ``table.key``, for example from command-line options; text is read as TOML if it can be.

    Raises:
        ConfigError: ``CONFIG_UNKNOWN_KEY``, ``CONFIG_INVALID`` or ``CONFIG_FILE_UNREADABLE``.
    """
    variables = os.environ if environ is None else environ
    given: dict[str, _Given] = {}
    path = _settings_file(file, variables)
    if path is not None:
        given.update(_from_file(path))
    given.update(_from_variables(variables))
    for key, value in overrides.items():
        given[key] = _Given(_parsed(_field(key, key), value), f"option {key}")
    return _validated(given)


def describe() -> list[Setting]:
    """Every setting in the order of the models."""
    settings: list[Setting] = []
    for table, model in tables().items():
        properties: dict[str, Any] = model.model_json_schema()["properties"]
        for name, field in model.model_fields.items():
            settings.append(
                Setting(
                    key=f"{table}.{name}",
                    type=_type_text(properties[name]),
                    default=_toml(field.get_default(call_default_factory=True)),
                    description=field.description or "",
                )
            )
    return settings


def redacted(settings: SevengatesSettings) -> dict[str, Any]:
    """Settings as JSON data with every secret that is set masked.

    Args:
        settings: resolved settings.
    """
    return {
        table: {name: without_password(value) if isinstance(value, str) else value for name, value in values.items()}
        for table, values in settings.model_dump(mode="json").items()
    }


def without_password(text: str) -> str:
    """An address with the secrets in it masked: password or token before the host, and secrets among its parameters.

    Args:
        text: an address, or any other text.
    """
    named = _USER.sub(lambda found: f"{found['user']}:{MASK}" if found["password"] else MASK, text)
    return _QUERY.sub(lambda found: f"{found['name']}={MASK}", named)


def to_toml(values: Mapping[str, Mapping[str, Any]]) -> str:
    """Tables of settings as the text of a ``sevengates.toml``.

    Args:
        values: by table and key.
    """
    return "\n\n".join(
        "\n".join([f"[{table}]", *(f"{name} = {_toml(value)}" for name, value in keys.items())])
        for table, keys in values.items()
    )


def _settings_file(file: Path | None, variables: Mapping[str, str]) -> Path | None:
    if file is None and (named := variables.get("SEVENGATES_CONFIG")):
        file = Path(named)
    if file is not None:
        return file
    default = Path(DEFAULT_FILE)
    return default if default.exists() else None


def _from_file(path: Path) -> Iterator[tuple[str, _Given]]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(
            ReasonCode.CONFIG_FILE_UNREADABLE,
            f"{path}: {error}.",
            remedy="Name a readable TOML file with --config or SEVENGATES_CONFIG, or correct that line.",
            file=str(path),
        ) from error
    for table, values in document.items():
        if table not in tables():
            raise _unknown(f"table [{table}]", table, tuple(tables()), f"in {path}")
        if not isinstance(values, dict):
            raise ConfigError(
                ReasonCode.CONFIG_INVALID,
                f"{path}: {table} = {values!r} is a value, but {table} is a table.",
                remedy=f"Write a line [{table}] and one of its keys under it.",
            )
        for name, value in cast("dict[str, Any]", values).items():
            _field(f"{table}.{name}", f"{table}.{name}", f"in {path}")
            yield f"{table}.{name}", _Given(value, str(path))


def _from_variables(variables: Mapping[str, str]) -> Iterator[tuple[str, _Given]]:
    names = {setting.variable: setting.key for setting in describe()}
    for variable, text in sorted(variables.items()):
        if not variable.startswith(PREFIX) or variable in RESERVED_VARIABLES:
            continue
        if variable not in names:
            raise _unknown(f"variable {variable}", variable, (*names, *RESERVED_VARIABLES), "in the environment")
        key = names[variable]
        yield key, _Given(_parsed(_field(key, key), text), variable)
    # Last, so that a child process has the home folder that its parent resolved.
    if variables.get(HOME):
        yield "runtime.home", _Given(variables[HOME], HOME)


def _validated(given: Mapping[str, _Given]) -> SevengatesSettings:
    document: dict[str, dict[str, Any]] = {}
    for key, item in given.items():
        table, name = key.split(".")
        document.setdefault(table, {})[name] = item.value
    try:
        return SevengatesSettings.model_validate(document)
    except ValidationError as error:
        # Not chained: pydantic's own text repeats the values, a secret among them.
        problems = [_problem(detail["loc"], detail["msg"], given) for detail in error.errors(include_url=False)]
    raise ConfigError(
        ReasonCode.CONFIG_INVALID,
        "; ".join(text for _, text in problems) + ".",
        remedy="Correct the value; docs/configuration.md lists every key with its unit and bounds.",
        keys=[key for key, _ in problems],
    )


def _problem(location: tuple[int | str, ...], message: str, given: Mapping[str, _Given]) -> tuple[str, str]:
    """The key of a validation error, and what was given, where and what is allowed."""
    key = ".".join(str(part) for part in location[:2])
    said = message.removeprefix("Value error, ")
    if len(location) > 2:
        said = f"{'.'.join(map(str, location[1:]))}: {said}{_nearest_inside(location)}"
    if key in given:
        value = MASK if _is_secret(_field(key, key)) else repr(given[key].value)
        return key, f"{key} = {value} (from {given[key].origin}): {said}"
    origins = sorted({item.origin for name, item in given.items() if name.startswith(f"{key}.")})
    return key, f"{key} (from {', '.join(origins)}): {said}"


def _nearest_inside(location: tuple[int | str, ...]) -> str:
    """The nearest key of a table in a list, where what was given there is none of its keys; else nothing."""
    model: Any = tables()[str(location[0])]
    for part in location[1:-1]:
        if isinstance(part, str):
            model = model.model_fields[part].annotation if part in getattr(model, "model_fields", {}) else None
        else:
            model = get_args(model)[0] if get_args(model) else None
    fields, name = getattr(model, "model_fields", {}), str(location[-1])
    near = get_close_matches(name, fields, n=1, cutoff=0.5) if fields and name not in fields else []
    return f"; did you mean {near[0]}?" if near else ""


def _field(key: str, given: str, where: str = "") -> FieldInfo:
    """The model field of ``table.key``, or the error that names the nearest key."""
    table, _, name = key.partition(".")
    model = tables().get(table)
    if model is None or name not in model.model_fields:
        keys = tuple(setting.key for setting in describe())
        raise _unknown(f"key {given}", key, keys, where)
    return model.model_fields[name]


def _unknown(what: str, name: str, known: tuple[str, ...], where: str) -> ConfigError:
    # The last part weighs most: a key under the wrong table should still be found.
    last = name.rpartition(".")[2]
    elsewhere = [key for key in known if key.rpartition(".")[2] == last]
    nearest = elsewhere or get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"Did you mean {nearest[0]}?" if nearest else "docs/configuration.md lists every key."
    return ConfigError(
        ReasonCode.CONFIG_UNKNOWN_KEY,
        f"{what}{' ' + where if where else ''} is unknown.",
        remedy=hint,
        name=name,
        nearest=nearest[0] if nearest else None,
    )


def _is_secret(field: FieldInfo) -> bool:
    return field.annotation is SecretStr


def _parsed(field: FieldInfo, value: Any) -> Any:
    """Text as the TOML value it spells, unless the key holds text; a list may also be written ``a,b``."""
    if not isinstance(value, str) or field.annotation is str or _is_secret(field):
        return value
    try:
        document = tomllib.loads(f"value = {value}")
    except tomllib.TOMLDecodeError:
        document = {}
    if set(document) == {"value"} and "\n" not in value:
        return document["value"]
    if getattr(field.annotation, "__origin__", None) is tuple:
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _type_text(schema: Mapping[str, Any]) -> str:
    """A type with its bounds, from the JSON schema of one field."""
    if "anyOf" in schema:
        return " or ".join(map(_type_text, schema["anyOf"]))
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type_text(schema['items'])}"
    if schema.get("type") == "object":
        return "a table for each name"
    if "$ref" in schema:
        return "tables"
    kind = {"number": "number", "integer": "whole number", "string": "text", "boolean": "true or false"}[schema["type"]]
    if schema.get("format") == "password":
        kind = "secret text"
    bounds = (
        ("minimum", "at least"),
        ("exclusiveMinimum", "more than"),
        ("maximum", "at most"),
        ("exclusiveMaximum", "less than"),
    )
    limits = [f"{words} {schema[name]:g}" for name, words in bounds if name in schema]
    if "exclusiveMinimum" in schema and "minimum" in schema:
        limits.remove(f"at least {schema['minimum']:g}")
    return ", ".join([kind, *limits])


def _toml(value: Any) -> str:
    if isinstance(value, SecretStr):
        return '""'
    if isinstance(value, Spec):
        return _toml(value.model_dump())
    if isinstance(value, tuple | list):
        return f"[{', '.join(_toml(item) for item in cast('list[Any]', value))}]"
    if isinstance(value, dict):
        # TOML has no null: what is not asked for is left out.
        given = {name: item for name, item in cast("dict[str, Any]", value).items() if item is not None}
        pairs = ", ".join(f"{name} = {_toml(item)}" for name, item in given.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    # A JSON string, number or boolean is a TOML one.
    return json.dumps(value, ensure_ascii=False)
