"""The generation loop: ask the model, draw a token, go on."""

import operator
from collections.abc import Callable, Iterable, Iterator
from typing import SupportsIndex, TypeVar

Row = TypeVar("Row")


def generate(
    model: Callable[[list[int]], Row],
    prompt: Iterable[SupportsIndex],
    *,
    sampler: Callable[[Row], SupportsIndex],
    max_tokens: int,
    stop_tokens: Iterable[SupportsIndex] = (),
    stop: Callable[[list[int]], bool] | None = None,
) -> Iterator[int]:
    """Draw tokens one after the other, each given all before it.

    Parameters
    ----------
    model : callable
        Takes the tokens so far, a list of int, and returns the logits of the next one. The list is
        the loop's own and grows with it: a model may read it, not change or keep it.
    prompt : iterable of int
        The token ids to go on from. They are not yielded.
    sampler : callable
        Takes what the model returned and returns a token id: a `thermonucleus.Sampler`, or any
        function that does this.
    max_tokens : int
        How many tokens to draw at most.
    stop_tokens : iterable of int, optional
        Token ids that end the text, such as an end-of-sentence id. The one that does is yielded
        first.
    stop : callable, optional
        Takes the tokens so far, prompt and drawn ones, and says whether the text is complete. It
        is asked after each drawn token has been yielded.

    Returns
    -------
    iterator of int
        The tokens as they are drawn. The model is called when the first one is asked for; what
        model, sampler and stop raise comes through.

    Raises
    ------
    TypeError, ValueError
        Where an argument is not as described: at the call, before the first token is asked for.

    Examples
    --------
    >>> def count_up(tokens):
    ...     return [float(i == tokens[-1] + 1) for i in range(10)]
    >>> def greedy(row):
    ...     return max(range(len(row)), key=row.__getitem__)
    >>> list(generate(count_up, [2], sampler=greedy, max_tokens=3))
    [3, 4, 5]
    >>> list(generate(count_up, [2], sampler=greedy, max_tokens=99, stop_tokens={4}))
    [3, 4]
    """
    _check_callable("model", model)
    _check_callable("sampler", sampler)
    if stop is not None:
        _check_callable("stop", stop)
    limit = _as_id("max_tokens", max_tokens)
    if limit < 0:
        raise ValueError(f"max_tokens must be 0 or more, not {max_tokens}")
    tokens = _as_ids("prompt", prompt)
    ends = frozenset(_as_ids("stop_tokens", stop_tokens))
    return _drawn(model, tokens, sampler, limit, ends, stop)


def _drawn(
    model: Callable[[list[int]], Row],
    tokens: list[int],
    sampler: Callable[[Row], SupportsIndex],
    limit: int,
    ends: frozenset[int],
    stop: Callable[[list[int]], bool] | None,
) -> Iterator[int]:
    """Yield the tokens: apart from `generate`, whose checks must not wait for the first one."""
    for _ in range(limit):
        token = operator.index(sampler(model(tokens)))
        tokens.append(token)
        yield token
        if token in ends or (stop is not None and stop(tokens)):
            return


def _check_callable(name: str, value: object) -> None:
    if not callable(value):
        raise TypeError(f"{name} must be callable, not {value!r}")


def _as_ids(name: str, values: Iterable[SupportsIndex]) -> list[int]:
    if isinstance(values, str):
        raise TypeError(f"{name} must hold token ids, not text: encode {values!r} first")
    if not isinstance(values, Iterable):
        raise TypeError(f"{name} must be an iterable of token ids, not {values!r}")
    return [_as_id(name, value) for value in values]


def _as_id(name: str, value: SupportsIndex) -> int:
    try:
        return operator.index(value)
    except TypeError as error:
        raise TypeError(f"{name} takes integers, not {value!r}") from error
