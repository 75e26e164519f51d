from collections.abc import Callable
from typing import Any, TypeVar

Method = TypeVar("Method", bound=Callable[..., Any])

def quickly(method: Method) -> Method: ...
def is_laid_out_as_known() -> bool: ...
