"""Loads YAML files as borgmatic does: YAML 1.2, with ``!include``, deep merges with ``<<``, ``!retain`` and ``!omit``.

The files may come from anywhere, so nothing is constructed but plain values, and everything has a limit: the size of a
file, how deeply it is nested, how much its anchors expand to, and how many files it includes.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from borgdesk.domain.errors import InvalidInput
from borgdesk.engine.imports.records import read_text
from borgdesk.translation import _

_MOST_EVENTS = 200_000
_DEEPEST = 60
"""Levels of a value: of one file as it is written, and of all with their anchors and includes in place."""
_MOST_VALUES = 100_000
_MOST_FILES = 50
_LONGEST_NUMBER = 30
"""Digits."""
_ENDINGS = (".yaml", ".yml")
_CORE = "tag:yaml.org,2002:"
_INCLUDE, _RETAIN, _OMIT = "!include", "!retain", "!omit"


def load(path: Path) -> object:
    """Return the value in a file with everything that it includes: mappings, lists, texts, numbers, booleans and None.

    Raises:
        InvalidInput: a file cannot be read, is not valid YAML, or exceeds a limit.
    """
    return _plain(_Loader().load(path))


@dataclass(frozen=True, slots=True)
class _Retained:
    """A value that is not merged with the one of an included file."""

    value: object


@dataclass(frozen=True, slots=True)
class _Omitted:
    """An item that is taken out of the list of an included file."""

    value: object


@dataclass(slots=True)
class _Loader:
    values: int = 0
    files: int = 0
    open_files: list[str] = field(default_factory=list)
    open_nodes: set[int] = field(default_factory=set)

    def load(self, path: Path) -> object:
        with self._opened(path):
            root = _composed(read_text(path), path)
            return None if root is None else self._value(root, path)

    @contextmanager
    def _opened(self, path: Path) -> Iterator[None]:
        real = os.path.realpath(path)
        if real in self.open_files:
            raise InvalidInput(_("{path} includes itself.").format(path=path))
        self.files += 1
        if self.files > _MOST_FILES:
            raise InvalidInput(_("{path} includes more than {most} files.").format(path=path, most=_MOST_FILES))
        self.open_files.append(real)
        yield
        self.open_files.pop()

    def _value(self, node: Any, path: Path) -> object:
        self.values += 1
        if self.values > _MOST_VALUES:
            raise InvalidInput(_("{path} expands to far too many values.").format(path=path))
        if id(node) in self.open_nodes:
            raise InvalidInput(_("{path} has a value that contains itself.").format(path=path))
        if len(self.open_nodes) > _DEEPEST:
            raise _too_much(path)
        if node.id == "scalar":
            _check_text(node, path)
        self.open_nodes.add(id(node))
        try:
            return self._by_tag(node, path)
        finally:
            self.open_nodes.discard(id(node))

    def _by_tag(self, node: Any, path: Path) -> object:
        tag = str(node.tag)
        if tag == _INCLUDE:
            return self._file(node, path)
        if tag == _OMIT and node.id == "scalar":
            return _Omitted(_scalar(node.value))
        if tag == _RETAIN and node.id != "scalar":
            return _Retained(self._collection(node, path))
        if node.id != "scalar" and tag in (f"{_CORE}map", f"{_CORE}seq"):
            return self._collection(node, path)
        if node.id == "scalar" and tag.startswith(_CORE):
            return _typed(tag.removeprefix(_CORE), node.value, path, _line(node))
        raise _not_allowed(tag, path, _line(node))

    def _collection(self, node: Any, path: Path) -> object:
        if node.id == "sequence":
            return [self._value(item, path) for item in node.value]
        merged: dict[str, object] = {}
        own: dict[str, object] = {}
        for key, value in node.value:
            if str(key.tag) == f"{_CORE}merge":
                for other in self._merged(value, path):
                    merged = _merge(merged, other)
                continue
            if key.id != "scalar":
                raise InvalidInput(_("{path}, line {line}: a name must be a text.").format(path=path, line=_line(key)))
            _check_text(key, path)
            own = _merge(own, {str(key.value): self._value(value, path)})
        return _merge(merged, own)

    def _merged(self, node: Any, path: Path) -> list[dict[str, object]]:
        if str(node.tag) == _INCLUDE and node.id == "sequence":
            found = [self._file(item, path) for item in node.value]
        elif str(node.tag) == _INCLUDE:
            found = [self._file(node, path)]
        elif node.id == "sequence":
            found = [self._value(item, path) for item in reversed(node.value)]
        else:
            found = [self._value(node, path)]
        merged = [_plain(one) for one in found if one is not None]
        if not all(isinstance(one, dict) for one in merged):
            raise InvalidInput(
                _("{path}, line {line}: only named values can be merged.").format(path=path, line=_line(node))
            )
        return [one for one in merged if isinstance(one, dict)]

    def _file(self, node: Any, path: Path) -> object:
        name = node.value
        if node.id != "scalar" or not name:
            raise InvalidInput(
                _("{path}, line {line}: an include must name a file.").format(path=path, line=_line(node))
            )
        wanted = path.parent / os.path.expanduser(name)  # noqa: PTH111 - Path's raises for unknown users
        if wanted.suffix not in _ENDINGS or "\0" in name:
            raise InvalidInput(
                _("{path}, line {line}: “{name}” is not included, because it is not a YAML file.").format(
                    path=path, line=_line(node), name=name
                )
            )
        return self.load(wanted)


def _composed(text: str, path: Path) -> Any:
    """Return the tree of a document, after its size and depth have been checked without recursion."""
    # Slow to import, and needed for nothing else.
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        with warnings.catch_warnings():
            # Of anchors that are defined twice, which is allowed.
            warnings.simplefilter("ignore")
            _check_size(YAML(typ="safe", pure=True).parse(text), path)
            return YAML(typ="safe", pure=True).compose(text)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        if mark is None:
            raise InvalidInput(_("{path} is not valid YAML.").format(path=path)) from None
        # Without what the line contains, which may be a secret.
        raise InvalidInput(_("{path} is not valid YAML (line {line}).").format(path=path, line=mark.line + 1)) from None
    except (RecursionError, ValueError) as error:
        raise InvalidInput(_("{path} is not valid YAML.").format(path=path)) from error


def _check_size(events: Iterable[object], path: Path) -> None:
    depth = 0
    for count, event in enumerate(events):
        kind = type(event).__name__
        depth += kind.endswith("StartEvent") - kind.endswith("EndEvent")
        if count > _MOST_EVENTS or depth > _DEEPEST:
            raise _too_much(path)


def _too_much(path: Path) -> InvalidInput:
    return InvalidInput(_("{path} is nested too deeply, or has far too many values.").format(path=path))


def _check_text(node: Any, path: Path) -> None:
    """Refuse halves of characters: they can be written as escapes, but neither stored nor passed to a program."""
    try:
        str(node.value).encode()
    except UnicodeEncodeError:
        raise InvalidInput(_("{path} is not valid YAML (line {line}).").format(path=path, line=_line(node))) from None


def _line(node: Any) -> int:
    return int(node.start_mark.line) + 1


def _not_allowed(tag: str, path: Path, line: int) -> InvalidInput:
    return InvalidInput(
        _("{path}, line {line}: values with the tag “{tag}” are not read.").format(
            path=path, line=line, tag=tag.replace(_CORE, "!!")
        )
    )


def _typed(kind: str, text: str, path: Path, line: int) -> object:
    match kind:
        case "str" | "timestamp":
            return text
        case "null":
            return None
        case "bool":
            return text.lower() == "true"
        case "int" | "float" if len(text) <= _LONGEST_NUMBER:
            return _scalar(text)
        case "int" | "float":
            raise InvalidInput(_("{path}, line {line}: the number is too long.").format(path=path, line=line))
    raise _not_allowed(_CORE + kind, path, line)


def _scalar(text: str) -> object:
    """Return the number in a text, or else the text."""
    for kind in (int, _prefixed, float):
        try:
            return kind(text.replace("_", ""))
        except ValueError:
            continue
    return text


def _prefixed(text: str) -> int:
    return int(text, 0)


def _merge(base: dict[str, object], over: dict[str, object]) -> dict[str, object]:
    """Merge mappings deeply: lists are appended, and other values of *over* win."""
    result = dict(base)
    for name, value in over.items():
        old = result.get(name)
        if isinstance(old, dict) and isinstance(value, dict):
            result[name] = _merge(old, value)
        elif isinstance(old, list) and isinstance(value, list):
            gone = [item.value for item in value if isinstance(item, _Omitted)]
            result[name] = [item for item in old if item not in gone] + value
        else:
            result[name] = value
    return result


def _plain(value: object) -> object:
    """Return a value without marks for merging."""
    if isinstance(value, _Retained):
        return _plain(value.value)
    if isinstance(value, list):
        return [_plain(item) for item in value if not isinstance(item, _Omitted)]
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return None if isinstance(value, _Omitted) else value
