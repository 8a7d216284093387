"""`@value` makes what `@dataclass(frozen=True, slots=True, kw_only=True)` makes, but loads at once.

`dataclass` writes six methods for each class and compiles them whenever the module is loaded: half
of the time that loading the judge took. Here all classes share the same methods, which find the
fields when they are called. `fields`, `replace` and `asdict` work as of any dataclass, and type
checkers check as they do there. For classes that every judge step loads; others need not bother
(docs/decisions/0008-shared-methods.md).
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, FrozenInstanceError, dataclass, field, fields

from tidegate.untyped import Any

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar, dataclass_transform

    _Class = TypeVar("_Class")

    @dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
    def value(cls: type[_Class]) -> type[_Class]:
        """The class as a frozen dataclass with slots, whose fields are given by name."""
        ...
else:

    def value(cls: type) -> type:
        """The class as a frozen dataclass with slots, whose fields are given by name."""
        made = dataclass(init=False, repr=False, eq=False, slots=True, kw_only=True)(cls)
        made.__defaults__ = {f.name: f.default for f in fields(made) if f.default is not MISSING}
        made.__factories__ = {
            f.name: f.default_factory for f in fields(made) if f.default_factory is not MISSING
        }
        for name, method in _METHODS.items():
            if name not in vars(cls):
                setattr(made, name, method)
        return made


_put = object.__setattr__
"""The way past `_refuse_set`, for making only."""


def _init(self: Any, **given: Any) -> None:
    values = {**self.__defaults__, **given}
    for name, make in self.__factories__.items():
        if name not in given:
            values[name] = make()
    if len(values) != len(self.__slots__):
        raise TypeError(_misfit(type(self), values))
    try:
        for name in self.__slots__:
            _put(self, name, values[name])
    except KeyError:
        raise TypeError(_misfit(type(self), values)) from None
    self.__post_init__()


def _misfit(cls: Any, values: Mapping[str, Any]) -> str:
    missing = [name for name in cls.__slots__ if name not in values]
    unknown = [name for name in values if name not in cls.__slots__]
    return f"{cls.__name__} needs {missing or 'no more'} and has no {unknown or 'others'}"


def _post_init(_: Any) -> None:
    """Nothing to check, unless the class says otherwise."""


def _contents(self: Any) -> tuple[Any, ...]:
    return tuple([getattr(self, name) for name in self.__slots__])


def _restore(self: Any, contents: tuple[Any, ...]) -> None:
    for name, content in zip(self.__slots__, contents, strict=True):
        _put(self, name, content)


def _repr(self: Any) -> str:
    shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__slots__)
    return f"{type(self).__qualname__}({shown})"


def _eq(self: Any, other: object) -> bool:
    return _contents(self) == _contents(other) if type(other) is type(self) else NotImplemented


def _hash(self: Any) -> int:
    return hash(_contents(self))


def _refuse_set(_: Any, name: str, __: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_delete(_: Any, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


_METHODS: Mapping[str, Callable[..., Any]] = {
    "__init__": _init,
    "__post_init__": _post_init,
    "__repr__": _repr,
    "__eq__": _eq,
    "__hash__": _hash,
    "__setattr__": _refuse_set,
    "__delattr__": _refuse_delete,
    "__getstate__": _contents,
    "__setstate__": _restore,
}
