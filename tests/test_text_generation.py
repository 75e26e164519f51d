"""The generation loop: what it asks of whom, and when it stops; for a text alone, and for several together."""

import itertools
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import thermonucleus as tn
from thermonucleus.text import LanguageModel, generate
from thermonucleus.text.generation import continue_together

Row = NDArray[np.float64]
Draw = Callable[[Any], int]


def count_up(tokens: Sequence[int]) -> Row:
    """Return logits that favour the token after the last."""
    row: Row = np.eye(100)[tokens[-1] + 1]
    return row


def count_up_together(texts: Sequence[Sequence[int]]) -> Row:
    return np.stack([count_up(text) for text in texts])


def most_probable(rows: Row, places: list[int]) -> list[int]:
    drawn: list[int] = rows.argmax(1).tolist()
    return drawn


# One text


def test_tokens_follow_one_another(greedy: Draw) -> None:
    assert list(generate(count_up, [5], sampler=greedy, max_tokens=3)) == [6, 7, 8]


def test_the_model_sees_all_tokens_so_far(greedy: Draw) -> None:
    calls = []

    def model(tokens: list[int]) -> Row:
        calls.append(list(tokens))
        return count_up(tokens)

    list(generate(model, (3, 5), sampler=greedy, max_tokens=3))
    assert calls == [[3, 5], [3, 5, 6], [3, 5, 6, 7]]


def test_the_sampler_gets_what_the_model_returned() -> None:
    rows = [object(), object()]
    got = []

    def sampler(row: object) -> int:
        got.append(row)
        return 0

    list(generate(lambda tokens: rows[len(tokens)], [], sampler=sampler, max_tokens=2))
    assert got == rows


def test_the_prompt_is_left_as_it_was(greedy: Draw) -> None:
    prompt = [5]
    list(generate(count_up, prompt, sampler=greedy, max_tokens=3))
    assert prompt == [5]


def test_tokens_are_plain_ints() -> None:
    tokens = list(generate(count_up, np.array([5]), sampler=np.argmax, max_tokens=2))
    assert [type(token) for token in tokens] == [int, int]


def test_an_integer_in_an_array_of_no_dimensions_is_a_token() -> None:
    assert list(generate(count_up, [np.array(5)], sampler=lambda row: np.array(row.argmax()), max_tokens=2)) == [6, 7]


def test_nothing_is_drawn_before_it_is_asked_for(greedy: Draw) -> None:
    calls = []

    def model(tokens: list[int]) -> Row:
        calls.append(len(tokens))
        return count_up(tokens)

    tokens = generate(model, [0], sampler=greedy, max_tokens=50)
    assert calls == []
    assert list(itertools.islice(tokens, 2)) == [1, 2]
    assert calls == [1, 2]


def test_no_tokens_without_a_call(greedy: Draw) -> None:
    def model(tokens: list[int]) -> Row:
        raise AssertionError("the model was called")

    assert list(generate(model, [0], sampler=greedy, max_tokens=0)) == []


def test_a_stop_token_is_the_last(greedy: Draw) -> None:
    tokens = generate(count_up, [0], sampler=greedy, max_tokens=50, stop_tokens={3, 9})
    assert list(tokens) == [1, 2, 3]


def test_a_stop_token_in_the_prompt_stops_nothing(greedy: Draw) -> None:
    tokens = generate(count_up, [0], sampler=greedy, max_tokens=2, stop_tokens=[0])
    assert list(tokens) == [1, 2]


def test_stop_sees_prompt_and_tokens(greedy: Draw) -> None:
    tokens = generate(count_up, [7, 0], sampler=greedy, max_tokens=50, stop=lambda tokens: tokens == [7, 0, 1, 2])
    assert list(tokens) == [1, 2]


@pytest.mark.parametrize("role", ["model", "sampler", "stop"])
@pytest.mark.parametrize("error", [KeyError("broken"), ValueError("broken"), TypeError("broken")])
def test_errors_come_through(role: str, error: Exception, greedy: Draw) -> None:
    def broken(_: object) -> Any:
        raise error

    roles: dict[str, Any] = {"model": count_up, "sampler": greedy, "stop": lambda _: False} | {role: broken}
    model = roles.pop("model")
    with pytest.raises(type(error), match="broken"):
        list(generate(model, [0], max_tokens=2, **roles))


@pytest.mark.parametrize(
    ("drawn", "error", "message"),
    [
        (0.5, TypeError, r"^what sampler returns must be a token id, got 0\.5 of type float$"),
        (None, TypeError, r"^what sampler returns must be a token id, got None of type NoneType$"),
        (True, TypeError, r"^what sampler returns must be a token id, got True of type bool$"),
        (np.array(0.5), TypeError, r"^what sampler returns must be a token id, got array\(0\.5\)$"),
        (np.array([3]), ValueError, r"^what sampler returns must be a token id, got an array of shape \(1,\)$"),
    ],
)
def test_a_sampler_that_returns_no_token_id_is_named(drawn: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        list(generate(count_up, [0], sampler=lambda row: drawn, max_tokens=2))


@pytest.mark.parametrize("shape", [(1, 5), (2, 3, 5), ()])
def test_a_model_that_returns_no_row_is_named(shape: tuple[int, ...]) -> None:
    def sampler(row: Row) -> Any:
        return tn.sample(row, u=np.zeros(shape[:-1])) if row.ndim == 2 else row.argmax(-1) if row.ndim else 0.5

    message = re.escape(f"model must return a row of logits (V,), got an array of shape {shape}")
    with pytest.raises(ValueError, match=f"^{message}$"):
        list(generate(lambda tokens: np.zeros(shape), [0], sampler=sampler, max_tokens=2))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"model": 3}, TypeError, "^model must be callable, got 3 of type int$"),
        ({"sampler": None}, TypeError, "^sampler must be callable, got None of type NoneType$"),
        ({"stop": "."}, TypeError, r"^stop must be callable, got '\.' of type str$"),
        ({"max_tokens": -1}, ValueError, "^max_tokens must be 0 or more, got -1$"),
        ({"max_tokens": 2.5}, TypeError, r"^max_tokens must be an integer, got 2\.5 of type float$"),
        ({"max_tokens": None}, TypeError, "^max_tokens must be an integer, got None of type NoneType$"),
        ({"prompt": "text"}, TypeError, "^prompt must be token ids, got 'text': encode it to token ids first$"),
        ({"prompt": b"text"}, TypeError, "^prompt must be token ids, got b'text': encode it to token ids first$"),
        ({"prompt": 3}, TypeError, "^prompt must be an iterable of token ids, got 3 of type int$"),
        ({"prompt": [1, 0.5]}, TypeError, r"^prompt\[1\] must be a token id, got 0\.5 of type float$"),
        ({"prompt": np.array([[1, 2]])}, ValueError, r"^prompt\[0\] must be a token id, got an array of shape \(2,\)$"),
        ({"stop_tokens": 2}, TypeError, "^stop_tokens must be an iterable of token ids, got 2 of type int$"),
    ],
)
def test_arguments_are_checked_at_the_call(change: dict[str, Any], error: type[Exception], message: str, greedy: Draw) -> None:
    arguments: dict[str, Any] = {"model": count_up, "prompt": [0], "sampler": greedy, "max_tokens": 2} | change
    model, prompt = arguments.pop("model"), arguments.pop("prompt")
    with pytest.raises(error, match=message):
        generate(model, prompt, **arguments)


# Several texts


def test_texts_grow_by_a_token_each_a_step() -> None:
    texts = [[3], [1, 40]]
    drawn = [(place, token) for place, token, _ in continue_together(count_up_together, texts, most_probable, steps=2)]
    assert drawn == [(0, 4), (1, 41), (0, 5), (1, 42)]
    assert texts == [[3, 4, 5], [1, 40, 41, 42]]


def test_the_model_and_the_draw_are_asked_once_a_step_for_the_texts_that_are_not_over() -> None:
    calls = []

    def rows(texts: list[list[int]]) -> Row:
        calls.append([list(text) for text in texts])
        return count_up_together(texts)

    def draw(rows: Row, places: list[int]) -> list[int]:
        calls.append([list(places)])
        return most_probable(rows, places)

    texts = [[1], [7], [2]]
    list(continue_together(rows, texts, draw, steps=3, ends={8, 4}))
    assert calls == [[[1], [7], [2]], [[0, 1, 2]], [[1, 2], [2, 3]], [[0, 2]], [[1, 2, 3]], [[0]]]
    assert texts == [[1, 2, 3, 4], [7, 8], [2, 3, 4]]


def test_it_stops_when_all_texts_are_over() -> None:
    calls = []

    def rows(texts: list[list[int]]) -> Row:
        calls.append(len(texts))
        return count_up_together(texts)

    list(continue_together(rows, [[1], [2]], most_probable, steps=50, ends={3}))
    assert calls == [2, 1]
    assert list(continue_together(rows, [], most_probable, steps=50)) == []
    assert calls == [2, 1]


def test_each_row_comes_with_what_was_drawn_from_it() -> None:
    for place, token, row in continue_together(count_up_together, [[3], [40]], most_probable, steps=2):
        np.testing.assert_array_equal(row, np.eye(100)[token])
        assert place == (token > 20)


def test_nothing_is_drawn_before_it_is_asked_for_here_either() -> None:
    texts = [[1], [2]]
    tokens = continue_together(count_up_together, texts, most_probable, steps=50)
    assert texts == [[1], [2]]
    next(tokens)
    assert texts == [[1, 2], [2, 3]]


SEEDS = st.lists(st.integers(0, 2**32), min_size=1, max_size=4)


@given(seeds=SEEDS, end=st.integers(2, 60))
def test_each_text_is_the_one_that_is_drawn_alone(seeds: list[int], end: int) -> None:
    prompts = [[1, 3 + seed % 20] for seed in seeds]
    table = np.random.default_rng(0).normal(0, 3, (64, 64)).astype(np.float32)
    samplers = [tn.Sampler(top_p=0.9, rng=seed) for seed in seeds]

    def draw(rows: Iterable[NDArray[np.float32]], places: list[int]) -> list[Any]:
        return [samplers[place](row) for place, row in zip(places, rows, strict=True)]

    texts = [list(prompt) for prompt in prompts]
    drawn = list(continue_together(lambda texts: table[[text[-1] for text in texts]], texts, draw, steps=9, ends=[end]))
    for place, (prompt, seed) in enumerate(zip(prompts, seeds, strict=True)):
        sampler: Any = tn.Sampler(top_p=0.9, rng=seed)
        alone = list(generate(lambda tokens: table[tokens[-1]], prompt, sampler=sampler, max_tokens=9, stop_tokens=[end]))
        assert [token for at, token, _ in drawn if at == place] == alone
        assert texts[place] == prompt + alone


def test_uniform_numbers_may_be_given_in_place_of_samplers(language_model: LanguageModel) -> None:
    uniforms = np.random.default_rng(1).random((8, 3))
    left = iter(uniforms)

    def draw(rows: NDArray[np.float32], places: list[int]) -> Any:
        return tn.sample(rows, temperature=0.8, top_p=0.9, u=next(left)[places])

    texts = [language_model.encode(prompt) for prompt in ("Once upon a time", "The best way to", "In the middle of the")]
    known = [len(text) for text in texts]
    assert len(list(continue_together(language_model.rows, texts, draw, steps=8))) == 24
    for text, numbers, start in zip(texts, uniforms.T, known, strict=True):
        for place, u in enumerate(numbers.tolist(), start=start):
            assert text[place] == tn.sample(language_model(text[:place]), temperature=0.8, top_p=0.9, u=u)


@pytest.mark.parametrize(
    ("drawn", "error", "message"),
    [
        ([1, 0.5], TypeError, r"^drawn\[1\] must be a token id, got 0\.5 of type float$"),
        ([1], ValueError, "^draw must return a token id for each of 2 texts, got 1$"),
        (np.zeros((2, 1), int), ValueError, r"^drawn\[0\] must be a token id, got an array of shape \(1,\)$"),
        (7, TypeError, "^drawn must be an iterable of token ids, got 7 of type int$"),
    ],
)
def test_a_draw_that_returns_other_than_a_token_each_is_named_and_no_text_grows(
    drawn: Any, error: type[Exception], message: str
) -> None:
    texts = [[1], [2]]
    with pytest.raises(error, match=message):
        list(continue_together(count_up_together, texts, lambda rows, places: drawn, steps=2))
    assert texts == [[1], [2]]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"rows": 3}, TypeError, "^rows must be callable, got 3 of type int$"),
        ({"draw": 3}, TypeError, "^draw must be callable, got 3 of type int$"),
        ({"texts": [[1], (2,)]}, TypeError, r"^texts\[1\] must be a list of token ids, got \(2,\) of type tuple$"),
        ({"steps": -1}, ValueError, "^steps must be 0 or more, got -1$"),
        ({"ends": [0.5]}, TypeError, r"^ends\[0\] must be a token id, got 0\.5 of type float$"),
    ],
)
def test_its_arguments_are_checked_at_the_call_too(change: dict[str, Any], error: type[Exception], message: str) -> None:
    arguments: dict[str, Any] = {"rows": count_up_together, "texts": [[1]], "draw": most_probable, "steps": 2} | change
    with pytest.raises(error, match=message):
        continue_together(**arguments)
