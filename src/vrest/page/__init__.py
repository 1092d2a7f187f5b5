"""The live page. `vrest.page(...)` is its verb, also where Python has bound the name of this folder to `vrest.page`."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vrest.page.page import Page


class _Verb(ModuleType):
    """A module that is called as the function that it is named after."""

    def __call__(self, *args: Any, **keywords: Any) -> Page:
        from vrest.page.page import page

        return page(*args, **keywords)


sys.modules[__name__].__class__ = _Verb
