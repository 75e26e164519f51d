"""The generation loop: what it asks of whom, and when it stops."""

import itertools

import numpy as np
import pytest

from thermonucleus.text import generate


def count_up(tokens):
    """Return logits that favour the token after the last."""
    return np.eye(100)[tokens[-1] + 1]


def test_tokens_follow_one_another(greedy) -> None:
    assert list(generate(count_up, [5], sampler=greedy, max_tokens=3)) == [6, 7, 8]


def test_the_model_sees_all_tokens_so_far(greedy) -> None:
    calls = []

    def model(tokens):
        calls.append(list(tokens))
        return count_up(tokens)

    list(generate(model, (3, 5), sampler=greedy, max_tokens=3))
    assert calls == [[3, 5], [3, 5, 6], [3, 5, 6, 7]]


def test_the_sampler_gets_what_the_model_returned() -> None:
    rows = [object(), object()]
    got = []

    def sampler(row):
        got.append(row)
        return 0

    list(generate(lambda tokens: rows[len(tokens)], [], sampler=sampler, max_tokens=2))
    assert got == rows


def test_the_prompt_is_left_as_it_was(greedy) -> None:
    prompt = [5]
    list(generate(count_up, prompt, sampler=greedy, max_tokens=3))
    assert prompt == [5]


def test_tokens_are_plain_ints() -> None:
    tokens = list(generate(count_up, np.array([5]), sampler=np.argmax, max_tokens=2))
    assert [type(token) for token in tokens] == [int, int]


def test_nothing_is_drawn_before_it_is_asked_for(greedy) -> None:
    calls = []

    def model(tokens):
        calls.append(len(tokens))
        return count_up(tokens)

    tokens = generate(model, [0], sampler=greedy, max_tokens=50)
    assert calls == []
    assert list(itertools.islice(tokens, 2)) == [1, 2]
    assert calls == [1, 2]


def test_no_tokens_without_a_call(greedy) -> None:
    assert list(generate(None.__eq__, [0], sampler=greedy, max_tokens=0)) == []


def test_a_stop_token_is_the_last(greedy) -> None:
    tokens = generate(count_up, [0], sampler=greedy, max_tokens=50, stop_tokens={3, 9})
    assert list(tokens) == [1, 2, 3]


def test_a_stop_token_in_the_prompt_stops_nothing(greedy) -> None:
    tokens = generate(count_up, [0], sampler=greedy, max_tokens=2, stop_tokens=[0])
    assert list(tokens) == [1, 2]


def test_stop_sees_prompt_and_tokens(greedy) -> None:
    tokens = generate(count_up, [7, 0], sampler=greedy, max_tokens=50, stop=lambda tokens: tokens == [7, 0, 1, 2])
    assert list(tokens) == [1, 2]


@pytest.mark.parametrize("role", ["model", "sampler", "stop"])
@pytest.mark.parametrize("error", [KeyError("broken"), ValueError("broken")])
def test_errors_come_through(role, error, greedy) -> None:
    def broken(_):
        raise error

    roles = {"model": count_up, "sampler": greedy, "stop": lambda _: False} | {role: broken}
    model = roles.pop("model")
    with pytest.raises(type(error), match="broken"):
        list(generate(model, [0], max_tokens=2, **roles))


def test_a_sampler_that_returns_no_id_is_refused() -> None:
    with pytest.raises(TypeError):
        list(generate(count_up, [0], sampler=lambda row: 0.5, max_tokens=2))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"model": 3}, TypeError, "model must be callable, not 3"),
        ({"sampler": None}, TypeError, "sampler must be callable, not None"),
        ({"stop": "."}, TypeError, r"stop must be callable, not '\.'"),
        ({"max_tokens": -1}, ValueError, "max_tokens must be 0 or more, not -1"),
        ({"max_tokens": 2.5}, TypeError, r"max_tokens takes integers, not 2\.5"),
        ({"max_tokens": None}, TypeError, "max_tokens takes integers, not None"),
        ({"prompt": "text"}, TypeError, "prompt must hold token ids, not text"),
        ({"prompt": 3}, TypeError, "prompt must be an iterable of token ids, not 3"),
        ({"prompt": [0.5]}, TypeError, r"prompt takes integers, not 0\.5"),
        ({"stop_tokens": 2}, TypeError, "stop_tokens must be an iterable of token ids, not 2"),
    ],
)
def test_arguments_are_checked_at_the_call(change, error, message, greedy) -> None:
    arguments = {"model": count_up, "prompt": [0], "sampler": greedy, "max_tokens": 2} | change
    model, prompt = arguments.pop("model"), arguments.pop("prompt")
    with pytest.raises(error, match=message):
        generate(model, prompt, **arguments)
