"""The generation loop: ask the model, draw a token, go on. There is one, for a single text and for several at once."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, SupportsIndex, TypeVar

from thermonucleus.settings import check_integer
from thermonucleus.text.checks import check_callable, check_token, check_tokens

__all__ = ["continue_together", "generate"]

Row = TypeVar("Row")
Rows = TypeVar("Rows", bound=Iterable[Any])


def continue_together(
    rows: Callable[[list[list[int]]], Rows],
    texts: Sequence[list[int]],
    draw: Callable[[Rows, list[int]], Iterable[SupportsIndex]],
    *,
    steps: int,
    ends: Iterable[SupportsIndex] = (),
) -> Iterator[tuple[int, int, Any]]:
    """Continue several texts, all of them one token further at a time.

    Parameters
    ----------
    rows : callable
        Takes texts and returns the logits of the token after each: ``rows`` of a `TextModel`, shape (B, V).
    texts : sequence of list of int
        The token ids to go on from. The lists grow: each token is put at the end of its text before it is yielded.
    draw : callable
        Takes what `rows` returned, and the places in `texts` that it belongs to; returns a token id for each.
    steps : int
        How many tokens to add to each text at most.
    ends : iterable of int, optional
        Token ids after which a text is over. The others go on.

    Yields
    ------
    place : int
        Which of the texts is longer by a token now.
    token : int
        The token.
    row : array
        What it was drawn from, as `draw` left it.

    Raises
    ------
    TypeError, ValueError
        Where an argument, or what `draw` returned, is not as described. Then no text has grown in this step.

    Notes
    -----
    Before each step, every text that is not over holds what it began with and as many tokens as steps were made; a text that is
    over ends with the first of `ends` that was drawn for it. `rows` is called once a step, when its first token is asked for, and
    `draw` once after it.

    Examples
    --------
    >>> def count_up(texts):
    ...     return [text[-1] + 1 for text in texts]
    >>> texts = [[1], [7]]
    >>> list(continue_together(count_up, texts, lambda rows, places: rows, steps=3, ends={8}))
    [(0, 2, 2), (1, 8, 8), (0, 3, 3), (0, 4, 4)]
    >>> texts
    [[1, 2, 3, 4], [7, 8]]
    """
    check_callable(rows, name="rows")
    check_callable(draw, name="draw")
    for i, text in enumerate(texts):
        if not isinstance(text, list):
            raise TypeError(f"texts[{i}] must be a list of token ids, got {text!r} of type {type(text).__name__}")
    return _steps(rows, texts, draw, check_integer(steps, name="steps"), frozenset(check_tokens(ends, name="ends")))


def _steps(
    rows: Callable[[list[list[int]]], Rows],
    texts: Sequence[list[int]],
    draw: Callable[[Rows, list[int]], Iterable[SupportsIndex]],
    steps: int,
    ends: frozenset[int],
) -> Iterator[tuple[int, int, Any]]:
    """Make the steps: apart from `continue_together`, whose checks must not wait for the first token."""
    places = list(range(len(texts)))
    for _ in range(steps):
        if not places:
            return
        given = rows([texts[place] for place in places])
        tokens = check_tokens(draw(given, places), name="drawn")
        if len(tokens) != len(places):
            raise ValueError(f"draw must return a token id for each of {len(places)} texts, got {len(tokens)}")
        for place, token in zip(places, tokens, strict=True):
            texts[place].append(token)
        yield from zip(places, tokens, given, strict=True)
        places = [place for place, token in zip(places, tokens, strict=True) if token not in ends]


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
        Takes the tokens so far, a list of int, and returns the logits of the next one. The list is the loop's own and grows with
        it: a model may read it, not change or keep it.
    prompt : iterable of int
        The token ids to go on from. They are not yielded.
    sampler : callable
        Takes what the model returned and returns a token id: a `thermonucleus.Sampler`, or any function that does this.
    max_tokens : int
        How many tokens to draw at most.
    stop_tokens : iterable of int, optional
        Token ids that end the text, such as an end-of-sentence id. The one that does is yielded first.
    stop : callable, optional
        Takes the tokens so far, prompt and drawn ones, and says whether the text is complete. It is asked after each drawn token
        has been yielded.

    Returns
    -------
    iterator of int
        The tokens as they are drawn. The model is called when the first one is asked for; what model, sampler and stop raise comes
        through.

    Raises
    ------
    TypeError, ValueError
        Where an argument is not as described: at the call, before the first token is asked for. Where the sampler returns no token
        id: when that is asked for.

    See Also
    --------
    continue_together : The loop itself, for several texts.

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
    check_callable(model, name="model")
    check_callable(sampler, name="sampler")
    if stop is not None:
        check_callable(stop, name="stop")
    tokens = check_tokens(prompt, name="prompt")
    drawn = continue_together(
        lambda texts: [model(texts[0])],
        [tokens],
        lambda rows, _: [_drawn_from(row, sampler) for row in rows],
        steps=check_integer(max_tokens, name="max_tokens"),
        ends=check_tokens(stop_tokens, name="stop_tokens"),
    )
    return _until(stop, tokens, (token for _, token, _ in drawn))


def _until(stop: Callable[[list[int]], bool] | None, tokens: list[int], drawn: Iterator[int]) -> Iterator[int]:
    """Yield the tokens until the text that they go into is complete."""
    for token in drawn:
        yield token
        if stop is not None and stop(tokens):
            return


def _drawn_from(row: Row, sampler: Callable[[Row], SupportsIndex]) -> int:
    """Draw a token from what a model returned; if what comes out is none, blame the model if that is no row."""
    token = sampler(row)
    try:
        return check_token(token, name="what sampler returns")
    except (TypeError, ValueError):
        shape = tuple(getattr(row, "shape", (None,)))
        if len(shape) != 1:
            raise ValueError(f"model must return a row of logits (V,), got an array of shape {shape}") from None
        raise
