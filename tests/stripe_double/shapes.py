"""What Stripe's objects and parameters look like, read from the annotations of the official library.

Nothing is written down twice: an upgrade of the library that renames or removes a field breaks what is built from it.
"""

import sys
import typing
from decimal import Decimal
from functools import cache
from types import NoneType, UnionType
from typing import Any, ClassVar, ForwardRef, Literal, Union, get_args, get_origin

import stripe
from stripe import StripeObject
from typing_extensions import is_typeddict

# Left out of an answer unless it was asked for with `expand`.
INCLUDABLE = {
    "checkout.session": {"line_items"},
    "charge": {"refunds"},
    "customer": {"sources", "subscriptions", "tax_ids", "tax", "cash_balance", "invoice_credit_balance"},
    "invoice": {"payments"},
    "price": {"currency_options", "tiers"},
}
# Only there once it is true.
WHEN_TRUE = {"deleted"}


class Refused(Exception):
    """A parameter that Stripe would not take."""

    def __init__(self, message: str, param: str, code: str) -> None:
        super().__init__(message)
        self.message, self.param, self.code = message, param, code


# --- answers


@cache
def fields(kind: type) -> dict[str, Any]:
    """The fields of one of Stripe's objects, with their annotations."""
    found = {}
    for name, hint in kind.__annotations__.items():
        if get_origin(hint) is not ClassVar and not name.startswith("_"):
            found[name] = hint
    return found


def make(kind: type, **values: Any) -> dict[str, Any]:
    """An object with every field that Stripe sends: those given, and nothing, or the first allowed value, elsewhere."""
    hints = fields(kind)
    if unknown := values.keys() - hints.keys():
        raise AssertionError(f"{kind.__qualname__} has no {', '.join(sorted(unknown))}")
    hidden = WHEN_TRUE | INCLUDABLE.get(getattr(kind, "OBJECT_NAME", ""), set())
    made = {name: values[name] if name in values else blank(hint) for name, hint in hints.items() if name not in hidden}
    return made | {name: value for name, value in values.items() if name in hidden}


def blank(hint: Any) -> Any:
    """The least value that an annotation allows."""
    hint, args = resolved(hint), get_args(hint)
    if get_origin(hint) in (Union, UnionType):
        return None if NoneType in args else blank(args[0])
    if get_origin(hint) is Literal:
        return args[0]
    if get_origin(hint) in (list, dict) or hint is dict:
        return get_origin(hint)() if get_origin(hint) else {}
    if _name(hint) == "ListObject":
        return listed([], "/v1")
    if _name(hint) == "UntypedStripeObject":
        return {}
    if isinstance(hint, type) and issubclass(hint, StripeObject):
        return make(hint)
    return {str: "", int: 0, bool: False, float: 0.0, Decimal: "0"}[hint]


def listed(data: list[Any], url: str, *, more: bool = False) -> dict[str, Any]:
    """A page of a list."""
    return {"object": "list", "data": data, "has_more": more, "url": url}


def check(hint: Any, value: Any, path: str = "") -> None:
    """Assert that an answer is what the library believes it to be."""
    hint, args = resolved(hint), get_args(hint)
    origin = get_origin(hint)
    if hint is Any:
        return
    if origin in (Union, UnionType):
        assert any(_fits(each, value, path) for each in args), f"{path}: {value!r} is none of {hint}"
    elif origin is Literal:
        assert value in args, f"{path}: {value!r} is not in {args}"
    elif origin is list:
        assert isinstance(value, list), f"{path}: {value!r} is no list"
        for number, each in enumerate(value):
            check(args[0], each, f"{path}[{number}]")
    elif _name(hint) == "ListObject":
        assert value.keys() == {"object", "data", "has_more", "url"}, path
        for number, each in enumerate(value["data"]):
            check(args[0], each, f"{path}[{number}]")
    elif _name(hint) == "UntypedStripeObject" or origin is dict:
        assert isinstance(value, dict), f"{path}: {value!r}"
    elif isinstance(hint, type) and issubclass(hint, StripeObject):
        _check_object(hint, value, path)
    else:
        kind = str if hint is Decimal else hint
        assert type(value) is kind, f"{path}: {value!r} is not {kind}"


def _check_object(kind: type, value: Any, path: str) -> None:
    assert isinstance(value, dict), f"{path}: {value!r} is no {kind.__qualname__}"
    hints = fields(kind)
    assert not (unknown := value.keys() - hints.keys()), f"{path}: {kind.__qualname__} has no {unknown}"
    may_lack = WHEN_TRUE | INCLUDABLE.get(getattr(kind, "OBJECT_NAME", ""), set())
    assert not (lacking := hints.keys() - value.keys() - may_lack), f"{path}: {kind.__qualname__} lacks {lacking}"
    for name, each in value.items():
        check(hints[name], each, f"{path}.{name}")


def _fits(hint: Any, value: Any, path: str) -> bool:
    try:
        check(hint, value, path)
    except AssertionError:
        return False
    return True


def resolved(hint: Any) -> Any:
    """An annotation without quotes. What the library does not export by that name can be anything."""
    if isinstance(hint, str):
        return getattr(stripe, hint, Any)
    if isinstance(hint, ForwardRef):
        return getattr(stripe, hint.__forward_arg__, Any)
    return NoneType if hint is None else hint


def _name(hint: Any) -> str:
    return getattr(get_origin(hint) or hint, "__name__", "")


# --- parameters


@cache
def parameters(kind: type) -> dict[str, tuple[Any, bool]]:
    """What may be sent, by name: its annotation, and whether it must be."""
    names = {**vars(typing), **vars(sys.modules[kind.__module__])}
    found = {}
    for name, hint in kind.__annotations__.items():
        if name in stripe.RequestOptions.__annotations__:
            continue
        hint = _opened(hint, names)
        optional = _name(hint) == "NotRequired"
        found[name] = (_opened(get_args(hint)[0], names) if optional else hint, not optional)
    return found


def _opened(hint: Any, names: dict[str, Any]) -> Any:
    """An annotation without quotes, at any depth, read where it was written."""
    if isinstance(hint, str | ForwardRef):
        text = hint if isinstance(hint, str) else hint.__forward_arg__
        return _opened(eval(text, names), names)
    args, origin = get_args(hint), get_origin(hint)
    if not args or origin is Literal:
        return hint
    opened = tuple(_opened(each, names) for each in args)
    if origin in (Union, UnionType):
        return Union[opened]  # noqa: UP007
    return origin[opened if len(opened) > 1 else opened[0]]


def read(kind: type, given: Any, path: str = "") -> dict[str, Any]:
    """What was sent, as values of the right types. Raises Refused where Stripe would."""
    known = parameters(kind)
    if not isinstance(given, dict):
        raise Refused(f"Invalid object: {path}", path, "parameter_invalid_hash")
    for name in given:
        if name not in known:
            where = f"{path}[{name}]" if path else name
            raise Refused(f"Received unknown parameter: {where}", where, "parameter_unknown")
    for name, (_hint, needed) in known.items():
        if needed and name not in given:
            where = f"{path}[{name}]" if path else name
            raise Refused(f"Missing required param: {where}.", where, "parameter_missing")
    return {name: _value(known[name][0], value, f"{path}[{name}]" if path else name) for name, value in given.items()}


def _value(hint: Any, given: Any, where: str) -> Any:
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return _one_of(args, given, where)
    if origin is Literal:
        if given not in args:
            raise Refused(f"Invalid {where}: must be one of {', '.join(map(str, args))}", where, "parameter_invalid")
        return given
    if origin is list:
        if not isinstance(given, dict) or list(given) != [str(number) for number in range(len(given))]:
            raise Refused(f"Invalid array: {where}", where, "parameter_invalid_array")
        return [_value(args[0], each, f"{where}[{number}]") for number, each in given.items()]
    if is_typeddict(hint):
        return read(hint, given, where)
    if origin is dict or _name(hint) == "UntypedStripeObject":
        if not isinstance(given, dict) or not all(isinstance(each, str) for each in given.values()):
            raise Refused(f"Invalid object: {where}", where, "parameter_invalid_hash")
        return given
    if not isinstance(given, str):
        raise Refused(f"Invalid {where}", where, "parameter_invalid")
    return _plain(hint, given, where)


def _plain(hint: Any, given: str, where: str) -> Any:
    if hint is bool:
        if given not in ("true", "false"):
            raise Refused(f"Invalid boolean: {given}", where, "parameter_invalid_boolean")
        return given == "true"
    if hint is int:
        if not given.removeprefix("-").isdecimal():
            raise Refused(f"Invalid integer: {given}", where, "parameter_invalid_integer")
        return int(given)
    if hint is str and not given:
        raise Refused(f"You passed an empty string for '{where}'.", where, "parameter_invalid_empty")
    return given


def _one_of(args: tuple[Any, ...], given: Any, where: str) -> Any:
    """The library adds `str` to every list of values, for those that it does not know yet. Stripe does not."""
    choices = [each for each in args if not (each is str and any(get_origin(other) is Literal for other in args))]
    problem: Refused | None = None
    for each in choices:
        try:
            return _value(each, given, where)
        except Refused as refused:
            problem = refused
    assert problem
    raise problem


def nested(form: list[tuple[str, str]]) -> dict[str, Any]:
    """``a[b][0]=c`` as dictionaries in dictionaries."""
    made: dict[str, Any] = {}
    for key, value in form:
        first, *rest = key.replace("]", "").split("[")
        place = made
        for name in [first, *rest][:-1]:
            place = place.setdefault(name, {})
        place[rest[-1] if rest else first] = value
    return made
