"""Texts, paths and flags of a command line are taken as they are written.

Facts
    * typer 0.29 asks pydantic what a text or path is. Loading pydantic takes a tenth of a second of processor time,
      which is more than a forecast of one contact can spare, and every command has texts and paths.
    * typer's own tests of a path stay: it is typer that asks whether it may be read.
    * What is set here is private to typer. One that has no such part, older or newer, reads parameters in its own way.

Where it is used: `cli.commands`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from typer.core import TyperGroup

if TYPE_CHECKING:
    from typer.models import ParameterInfo

__all__ = ["PlainGroup"]

_Read = Callable[[Any, Any, Any], Any]
"""What makes a value of a text, given the parameter and the context too."""


class PlainGroup(TyperGroup):
    """A group that takes texts, paths and flags as they are written, as its commands do."""

    def get_params(self, ctx: Any) -> Any:
        """The group's own parameters."""
        parameters = super().get_params(ctx)
        _take_as_written(parameters)
        return parameters

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name, None when there is none."""
        command = super().get_command(ctx, cmd_name)
        if command is not None:
            _take_as_written(command.get_params(ctx))
        return command


class _AsWritten:
    """What typer calls to make a value of what stands on the command line: here a text or path, one or several."""

    def __init__(self, read: _Read, *, is_list: bool) -> None:
        self._read = read
        self._is_list = is_list

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """The value; None where there is none, and an empty tuple where there might be several."""
        if value is None:
            return () if self._is_list else None
        if not self._is_list:
            return self._read(value, param, ctx)
        return [self._read(each, param, ctx) for each in value]


def _take_as_written(parameters: Iterable[Any]) -> None:
    """Lets parameters for texts, paths and flags be read without pydantic; leaves any other as it is."""
    for parameter in parameters:
        descriptor = getattr(parameter, "type_descriptor", None)
        if descriptor is None or descriptor.parameter_info.parser is not None:
            continue
        read = _READERS.get(descriptor.annotation)
        if read is not None:
            is_list = descriptor.annotation in (list[str], list[Path])
            parameter._runtime_param = _AsWritten(partial(read, descriptor.parameter_info), is_list=is_list)


def _text(info: ParameterInfo, value: Any, parameter: Any, context: Any) -> str:
    del info, parameter, context
    return str(value)


def _flag(info: ParameterInfo, value: Any, parameter: Any, context: Any) -> bool:
    """A flag has no text of its own: it is written, or it is not."""
    del info, parameter, context
    return bool(value)


def _path(info: ParameterInfo, value: Any, parameter: Any, context: Any) -> Any:
    from typer._param_types import coerce_cli_path

    return coerce_cli_path(Path(value), info, path_type=Path, param=parameter, ctx=context)


_READERS: Final[Mapping[Any, Callable[..., Any]]] = {
    str: _text,
    list[str]: _text,
    Path: _path,
    list[Path]: _path,
    bool: _flag,
}
