"""How an open set is found: whatever a folder declares is in the set, and a missing name lists what there is.

Adding a feature, a learner, a tier policy or a source is adding a declaration to a file; nothing is registered by hand.
"""

import difflib
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import ModuleType
from typing import Any, TypeVar

from tiercast.errors import DuplicateName, ExtensionError, UnknownName

T = TypeVar("T")


def collect(package: str, kind: type[T], extensions: Iterable[str] = ()) -> dict[str, T]:
    """Find every instance of ``kind`` that the modules of a package declare, by name.

    A declaration is a public module-level instance, or a module-level tuple or list of instances. Modules are imported
    now, not before.

    Parameters
    ----------
    package : str
        Dotted name of the package folder; its subfolders are searched too.
    kind : type
        What to look for. Its instances carry a ``key`` or a ``name``.
    extensions : iterable of str
        Dotted names of a user's own modules or packages, searched after ours.

    Returns
    -------
    dict of str to instance
        In the order of module names, then of declaration.

    Raises
    ------
    DuplicateName
        Two different declarations carry one name.
    ExtensionError
        An extension cannot be imported.

    Examples
    --------
    >>> from http import HTTPStatus
    >>> collect("http", HTTPStatus)["NOT_FOUND"].phrase
    'Not Found'
    >>> collect("http", HTTPStatus, extensions=["no_such_company.statuses"])
    Traceback (most recent call last):
    tiercast.errors.ExtensionError: extension 'no_such_company.statuses' cannot be used: no module is named
    'no_such_company'; install it, or run where Python finds it
    >>> collect("http", complex)
    {}
    """
    return _collected(package, kind.__name__.lower(), extensions, lambda module: _instances(module, kind))


def collect_classes(package: str, kind: type[T], extensions: Iterable[str] = ()) -> dict[str, type[T]]:
    """Find every concrete subclass of ``kind`` that the modules of a package declare, by its ``key`` or ``name``.

    Same search, order and refusals as :func:`collect`; ``kind`` itself and abstract classes are left out.

    Examples
    --------
    >>> collect_classes("json", ValueError)
    {'JSONDecodeError': <class 'json.decoder.JSONDecodeError'>}
    """
    return _collected(package, kind.__name__.lower(), extensions, lambda module: _subclasses(module, kind))


def choose(found: Mapping[str, T], name: str, *, what: str = "entry") -> T:
    """Return the entry of that name, or say what there is and what was probably meant.

    Examples
    --------
    >>> choose({"pyramid": 1, "ladder": 2}, "ladder", what="policy")
    2
    >>> choose({"pyramid": 1, "ladder": 2}, "pyramd", what="policy")
    Traceback (most recent call last):
    tiercast.errors.UnknownName: no policy is named 'pyramd'; did you mean 'pyramid'? there is: ladder, pyramid
    >>> choose({}, "pyramid", what="policy")
    Traceback (most recent call last):
    tiercast.errors.UnknownName: no policy is named 'pyramid'; there is: none
    """
    if name in found:
        return found[name]
    guesses = difflib.get_close_matches(name, list(found), n=1)
    raise UnknownName(what=what, name=name, there_is=found, closest=guesses[0] if guesses else None)


def _collected(
    package: str, what: str, extensions: Iterable[str], declared: Callable[[ModuleType], Iterable[Any]]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    declared_in: dict[str, str] = {}
    for module in _modules(package, extensions):
        for entry in declared(module):
            name = _name_of(entry)
            if name not in found:
                found[name] = entry
                declared_in[name] = module.__name__
            elif found[name] is not entry:
                raise DuplicateName(what=what, name=name, modules=[declared_in[name], module.__name__])
    return found


def _modules(package: str, extensions: Iterable[str]) -> Iterator[ModuleType]:
    folder = importlib.import_module(package)
    yield folder
    for name in _names_below(folder):
        yield importlib.import_module(name)
    for extension in extensions:
        top = _imported_extension(extension, extension)
        yield top
        for name in _names_below(top):
            yield _imported_extension(name, extension)


def _names_below(package: ModuleType) -> Iterator[str]:
    for entry in sorted(pkgutil.iter_modules(getattr(package, "__path__", [])), key=lambda entry: entry.name):
        if entry.name == "__main__":  # importing it would run the program
            continue
        name = f"{package.__name__}.{entry.name}"
        yield name
        if entry.ispkg:
            yield from _names_below(importlib.import_module(name))


def _imported_extension(name: str, extension: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        if missing and f"{extension}.".startswith(f"{missing}."):
            problem = f"no module is named {missing!r}; install it, or run where Python finds it"
        else:
            problem = f"{name} raised {type(error).__name__}: {error}"
        raise ExtensionError(module=extension, problem=problem) from error


def _instances(module: ModuleType, kind: type[T]) -> Iterator[T]:
    for name, value in vars(module).items():
        if not name.startswith("_"):
            for entry in value if isinstance(value, (tuple, list)) else (value,):
                if isinstance(entry, kind):
                    yield entry


def _subclasses(module: ModuleType, kind: type[T]) -> Iterator[type[T]]:
    for name, value in vars(module).items():
        if name.startswith("_") or not inspect.isclass(value) or value.__module__ != module.__name__:
            continue
        if issubclass(value, kind) and value is not kind and not inspect.isabstract(value):
            yield value


def _name_of(entry: object) -> str:
    for attribute in ("key", "name", "__name__"):
        name = getattr(entry, attribute, None)
        if isinstance(name, str) and name:
            return name
    raise TypeError(f"{entry!r} has neither a key nor a name, so nobody could ask for it")
