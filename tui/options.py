"""An action's options as the interfaces offer them: read from its options struct, so a new action needs nothing here."""

from __future__ import annotations

import ast
import inspect
import re
import sys
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

import msgspec

from actions.guard.contract import Options
from actions.guard.files import MIB, read_whole

Kind = Literal["flag", "choice", "duration", "number", "text", "texts"]
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_NUMBER_NAMES = ("_hours", "_days", "_minutes", "_count")


class OptionField(NamedTuple):
    """One option: `choices` leave out the empty text, which means that nothing was chosen."""

    name: str
    kind: Kind
    default: Any
    choices: tuple[str, ...] = ()
    doc: str = ""

    @property
    def flag(self) -> str:
        """The option on the command line; a flag that is on by default is offered as its opposite."""
        dashed = self.name.replace("_", "-")
        return f"--no-{dashed}" if self.kind == "flag" and self.default else f"--{dashed}"


def option_fields(options: type[Options]) -> tuple[OptionField, ...]:
    """List the options that an action offers, in their order, with the sentence that documents each.

    Lists of whole records are left out: nobody types them, they come from the journal.
    """
    docs = _docs(options)
    fields = (field for field in msgspec.structs.fields(options) if not _holds_records(field.type))
    return tuple(_field(field, docs.get(field.name, "")) for field in fields)


def expanded(values: Iterable[str]) -> tuple[str, ...]:
    """Read `@FILE` and `-` (standard input) among texts as the lines that they hold; raises OSError, UnicodeDecodeError."""
    found: list[str] = []
    for value in values:
        if value == "-":
            found += sys.stdin.read().splitlines()
        elif value.startswith("@"):
            found += read_whole(Path(value[1:]).expanduser(), 16 * MIB).decode().splitlines()
        else:
            found.append(value)
    return tuple(line for line in found if line.strip())


def seconds(text: str) -> float:
    """Read a length of time: `1h`, `30m`, `1h30m`, `45s`, `2d`, or plain seconds; raises ValueError."""
    found = re.fullmatch(r"\s*(?:\d+(?:\.\d+)?[smhd]\s*)+", text)
    if found:
        parts = re.findall(r"(\d+(?:\.\d+)?)([smhd])", text)
        return sum(float(number) * _UNITS[unit] for number, unit in parts)
    value = float(text)
    if not 0 <= value < 1e9:
        raise ValueError(text)
    return value


def told_seconds(value: float) -> str:
    """Tell a length of time the way it is given: `1h30m`."""
    left, text = round(value), ""
    for unit in ("d", "h", "m", "s"):
        count, left = divmod(left, int(_UNITS[unit]))
        text += f"{count}{unit}" if count else ""
    return text or "0s"


def _field(field: msgspec.structs.FieldInfo, doc: str) -> OptionField:
    kind, choices = _kind(field.type, field.name)
    return OptionField(field.name, kind, field.default, choices, doc)


def _holds_records(annotation: Any) -> bool:
    info = msgspec.inspect.type_info(annotation)
    return isinstance(info, msgspec.inspect.VarTupleType) and isinstance(info.item_type, msgspec.inspect.StructType)


def _kind(annotation: Any, name: str) -> tuple[Kind, tuple[str, ...]]:
    """Tell how a field of this type is asked for."""
    info = msgspec.inspect.type_info(annotation)
    if isinstance(info, msgspec.inspect.BoolType):
        return "flag", ()
    if isinstance(info, msgspec.inspect.LiteralType):
        return "choice", tuple(str(value) for value in get_args(annotation) if value != "")
    if isinstance(info, msgspec.inspect.FloatType):
        return ("number" if name.endswith(_NUMBER_NAMES) else "duration"), ()
    if isinstance(info, msgspec.inspect.IntType):
        return "number", ()
    if isinstance(info, msgspec.inspect.VarTupleType):
        return "texts", ()
    return "text", ()


def _docs(options: type[Options]) -> dict[str, str]:
    """Read the sentence below each field in the struct's source; none where the source is not installed."""
    try:
        body = ast.parse(textwrap.dedent(inspect.getsource(options))).body[0]
    except (OSError, TypeError):
        return {}
    docs: dict[str, str] = {}
    name = ""
    for node in getattr(body, "body", []):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            name = node.target.id
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            docs[name] = " ".join(node.value.value.split())
        else:
            name = ""
    docs.pop("", None)
    return docs
