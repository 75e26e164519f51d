"""The sampler whose settings follow the text (slide 13): token by token what `adaptive_sampling` draws."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import thermonucleus as tn
from thermonucleus.text import AdaptiveSampler, LanguageModel, generate


@given(
    temperature=st.floats(0, 3),
    top_p=st.floats(0, 1.3),
    context=st.lists(st.integers(0, 8), max_size=6),
    seed=st.integers(0, 2**32),
)
def test_its_tokens_are_those_of_adaptive_sampling(temperature: float, top_p: float, context: list[int], seed: int) -> None:
    rows = np.random.default_rng(seed).normal(0, 2, (12, 9)).astype(np.float32)
    sampler, generator, text = (
        AdaptiveSampler(temperature, top_p, context=context, rng=seed),
        np.random.default_rng(seed),
        [*context],
    )
    for row in rows:
        token = sampler(row)
        assert token == tn.adaptive_sampling(row, temperature, top_p, text, rng=generator)
        text.append(token)
    assert [step.token for step in sampler.steps] == text[len(context) :]


def test_the_settings_of_each_token_are_kept() -> None:
    sampler = AdaptiveSampler(0.5, 0.8, context=[1, 1, 2, 3], rng=0)
    for token in (1, 4, 4):
        sampler(np.where(np.arange(6) == token, 50.0, 0.0))
    # Four tokens, three of them distinct; then 3 of 5; then 4 of 6.
    assert [step.token for step in sampler.steps] == [1, 4, 4]
    np.testing.assert_allclose([step.temperature for step in sampler.steps], [0.52, 0.525, 0.53])
    np.testing.assert_allclose([step.top_p for step in sampler.steps], [0.8 * 0.85, 0.8 * 0.88, 0.8 * (1 - 0.2 * 4 / 6)])


def test_it_serves_in_the_loop_and_in_a_stream(language_model: LanguageModel) -> None:
    known = language_model.tokenizer.encode("Once upon a time")
    sampler = AdaptiveSampler(0.6, 0.9, context=known, rng=2)
    tokens = list(generate(language_model, known, sampler=sampler, max_tokens=40))
    assert tokens == [step.token for step in sampler.steps]
    heats = [step.temperature for step in sampler.steps]
    assert heats == sorted(heats)
    assert heats[-1] == pytest.approx(0.6 * (1 + 0.01 * (len(known) + 39)))
    other = AdaptiveSampler(0.6, 0.9, context=known, rng=2)
    assert list(language_model.stream("Once upon a time", sampler=other, max_tokens=40))
    assert other.steps == sampler.steps


def test_a_row_that_is_refused_changes_nothing() -> None:
    sampler, twin = AdaptiveSampler(0.6, 0.9, rng=2), AdaptiveSampler(0.6, 0.9, rng=2)
    for wrong in ([1.0, np.nan], [[1.0, 2.0]], []):
        with pytest.raises(ValueError, match=r"^logits must "):
            sampler(wrong)
    assert sampler.steps == []
    assert sampler([1.0, 2.0, 1.5]) == twin([1.0, 2.0, 1.5])
    assert sampler.steps == twin.steps


@pytest.mark.parametrize(
    ("arguments", "named", "error", "message"),
    [
        ((-0.1, 0.9), {}, ValueError, "^temperature must be"),
        ((0.8, np.nan), {}, ValueError, "^top_p must be"),
        (("hot", 0.9), {}, TypeError, "^temperature must be"),
        ((0.8, 0.9), {"context": [1.5]}, TypeError, r"^context\[0\] must be a token id, got 1\.5 of type float$"),
        ((0.8, 0.9), {"context": "text"}, TypeError, "^context must be token ids, got 'text': encode it to token ids first$"),
        ((0.8, 0.9), {"context": 7}, TypeError, "^context must be an iterable of token ids, got 7 of type int$"),
        ((0.8, 0.9), {"rng": "seed"}, TypeError, "^rng must be"),
    ],
)
def test_what_is_wrong_is_named(arguments: Any, named: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        AdaptiveSampler(*arguments, **named)


def test_it_says_what_it_is() -> None:
    assert repr(AdaptiveSampler(0.8, 0.9, context=[1, 2])) == "<AdaptiveSampler from temperature=0.8, top_p=0.9, after 2 tokens>"
