"""Many small cases in one test, where a test for each would cost more than what it tries."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def for_each(names: str, values: Iterable[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a test run for all values at once, and fail with every one of them that fails.

    It is used like `pytest.mark.parametrize`; each case of that costs some 7 ms in pytest and between its processes.
    """
    keys, cases = names.split(", "), list(values)
    assert cases, f"no {names}: the test would try nothing"

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        def run(**fixtures: Any) -> None:
            failed = []
            for case in cases:
                given = dict(zip(keys, case if len(keys) > 1 else [case], strict=True))
                try:
                    test(**given, **fixtures)
                except Exception as error:  # noqa: BLE001 - all of them are raised together
                    error.add_note(f"with {given}")
                    failed.append(error)
            if failed:
                raise ExceptionGroup(f"{len(failed)} of {len(cases)} fail", failed)

        signature = inspect.signature(test)
        left = [parameter for name, parameter in signature.parameters.items() if name not in keys]
        run.__signature__ = signature.replace(parameters=left)  # type: ignore[attr-defined]
        run.__name__, run.__doc__, run.__module__ = test.__name__, test.__doc__, test.__module__
        run.__dict__.update({name: value for name, value in test.__dict__.items() if name == "pytestmark"})
        return run

    return decorate
