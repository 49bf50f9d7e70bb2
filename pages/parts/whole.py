"""What a click began is done to its end.

Streamlit may stop a callback wherever that touches `st.session_state` or shows something, because another click waits:
then what was done stays done, but nobody hears of it, and the offer to take it back is lost; or the click itself is.
Here the other click waits instead, until the callback is through.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from streamlit.runtime.scriptrunner import get_script_run_ctx

ASKED = "on_scriptrunner_yield"
"""How Streamlit asks whether something waits (1.67, `runtime/scriptrunner/script_runner.py`)."""


def whole(callback: Callable[..., Any]) -> Callable[..., Any]:
    """The callback, done to its end once it has begun."""

    @wraps(callback)
    def done(*args: Any, **kwargs: Any) -> Any:
        with uninterrupted():
            return callback(*args, **kwargs)

    return done


@contextmanager
def uninterrupted() -> Iterator[None]:
    """While this lasts, what waits is not asked for; what is done here itself (another page, a rerun) still counts."""
    context = get_script_run_ctx(suppress_warning=True)
    requests = context.script_requests if context else None
    if requests is None or ASKED in vars(requests):
        yield
        return
    setattr(requests, ASKED, lambda: None)
    try:
        yield
    finally:
        delattr(requests, ASKED)
