"""Letters drawn from their scores (slides 8 and 9): the right distribution at every temperature, also where weights overflow."""

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import thermonucleus as tn
from thermonucleus import reference
from thermonucleus.text.letters import VOCABULARY, simple_text_generator, simple_text_generator_top_p

PROMPT = "THE QUICK BROWN FOX "


def scores(last: str) -> list[float]:
    """The slide's: a letter's code, and a tenth of the way from it to the code of the letter before."""
    return [0.9 * ord(letter) + 0.1 * ord(last) for letter in VOCABULARY]


@pytest.mark.parametrize("temperature", [0.0, 1e-6, 0.1, 0.5, 1.0, 2.0, 1e6])
def test_a_text_is_the_prompt_and_as_many_letters_as_asked_for(temperature: float) -> None:
    for length in (0, 1, 50):
        text = simple_text_generator(PROMPT, length, temperature, rng=0)
        assert text.startswith(PROMPT)
        assert len(text) == len(PROMPT) + length
        assert set(text) <= set(VOCABULARY)


def test_the_letters_are_those_of_the_oracle_for_the_same_numbers() -> None:
    for temperature, seed in [(0.5, 0), (1.0, 1), (5.0, 2), (40.0, 3)]:
        generator, want = np.random.default_rng(seed), "ab"
        for _ in range(60):
            want += VOCABULARY[int(reference.sample(scores(want[-1]), temperature=temperature, u=generator.random()))]
        assert simple_text_generator("ab", 60, temperature, rng=seed) == want
    for p, seed in [(0.5, 4), (0.9, 5), (0.999, 6), (1.0, 7)]:
        generator, want = np.random.default_rng(seed), "ab"
        for _ in range(60):
            want += VOCABULARY[int(reference.sample(scores(want[-1]), top_p=p, u=generator.random()))]
        assert simple_text_generator_top_p("ab", 60, p, rng=seed) == want


def test_letters_come_as_often_as_their_scores_say() -> None:
    counts = Counter(simple_text_generator("Z", 5000, 20.0, rng=1)[1:])
    expected = reference.probabilities(scores("Z"), temperature=20.0) * 5000
    assert stats.chisquare([counts[letter] for letter in VOCABULARY], expected).pvalue > 1e-3


def test_a_small_nucleus_and_a_low_temperature_leave_the_last_letter_of_the_alphabet() -> None:
    assert simple_text_generator(PROMPT, 9, 0.0) == PROMPT + 9 * "Z"
    assert simple_text_generator_top_p(PROMPT, 9, 0.0) == PROMPT + 9 * "Z"
    assert set(simple_text_generator_top_p("Z", 300, 0.9, rng=0)) == set("ZYX")
    assert np.count_nonzero(tn.probabilities(scores("Z"), top_p=0.9)) == 3


@given(
    prompt=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=5),
    seed=st.integers(0, 2**32),
)
def test_any_prompt_will_do_and_a_seed_says_what_follows(prompt: str, seed: int) -> None:
    text = simple_text_generator(prompt, 8, 1.0, rng=seed)
    assert text.startswith(prompt)
    assert simple_text_generator(prompt, 8, 1.0, rng=seed) == text


def test_a_generator_goes_on_from_text_to_text() -> None:
    generator = np.random.default_rng(3)
    first = simple_text_generator("A", 20, 3.0, rng=generator)
    assert simple_text_generator(first, 20, 3.0, rng=generator) == simple_text_generator("A", 40, 3.0, rng=3)


@pytest.mark.parametrize("function", [simple_text_generator, simple_text_generator_top_p])
@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("", 3, 0.5), ValueError, "^prompt must hold at least one character, .*, got ''$"),
        ((7, 3, 0.5), TypeError, "^prompt must be a str, got 7$"),
        (("A", -1, 0.5), ValueError, "^length must be 0 or more, got -1$"),
        (("A", 1.5, 0.5), TypeError, "^length must be an integer, got 1.5 of type float$"),
        (("A", 3, -0.5), ValueError, "^(temperature|p) must be .*, got -0.5$"),
        (("A", 3, "hot"), TypeError, "^(temperature|p) must be .*, got 'hot'"),
    ],
)
def test_what_is_wrong_is_named(function: Any, arguments: tuple[Any, ...], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        function(*arguments)
