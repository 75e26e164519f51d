"""The chatbot (slide 11): the category by whole words, scores that are log-probabilities, and the draw."""

import dataclasses
import math
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import thermonucleus as tn
from thermonucleus import reference
from thermonucleus.text import PERSONALITIES, LanguageModel, builtin_model, chatbot_choice, chatbot_response
from thermonucleus.text.chatbot import REPLIES

SMALL = LanguageModel.train(["The cat sat. See you later. It depends on the cat."])


@pytest.mark.parametrize(
    ("text", "category"),
    [
        *((text, "greeting") for text in ("Hello", "hi!", "HI", "Oh,hi there", "(hey)", "Good\n  Morning", "Hello, how are you?")),
        *((text, "farewell") for text in ("Goodbye", "bye.", "Bye-bye", "Now GOOD-BYE to you", "Thanks, bye!")),
        *((text, "thanks") for text in ("Thank you.", "No thanks")),
        *((text, "wellbeing") for text in ("How are you?", "So how's it going")),
        *(
            (text, "unknown")
            for text in ("this", "Which chihuahua?", "Othello", "hi-fi", "hi5", "standby", "thankless", "how you are")
        ),
        *((text, "unknown") for text in ("", " \n", "?!", "What's the meaning of life?")),
    ],
)
def test_whole_words_in_any_case_decide_on_the_category(text: str, category: str) -> None:
    choice = chatbot_choice(text, 1.0, 1.0, model=SMALL)
    assert choice.category == category
    assert choice.candidates == REPLIES[category]
    assert choice.chosen in choice.candidates


def test_a_greeting_comes_before_a_farewell_as_on_the_slide() -> None:
    assert chatbot_choice("Hi and goodbye", 1.0, 1.0, model=SMALL).category == "greeting"
    assert chatbot_choice("Goodbye, and say hi to them", 1.0, 1.0, model=SMALL).category == "greeting"


def test_a_score_is_the_log_probability_of_a_token_of_the_reply_given_the_text() -> None:
    ngrams, encode = builtin_model().ngrams, builtin_model().tokenizer.encode
    said = encode("Where are all objects stored?")  # none of its words is in a reply
    assert said[-1] == 2
    choice = chatbot_choice("Where are all objects stored?", 1.0, 1.0)
    for reply, logit in zip(choice.candidates, choice.logits, strict=True):
        tokens = encode(reply)[1:]
        mean = (ngrams.logprob(said + tokens) - ngrams.logprob(said)) / len(tokens)
        assert logit == pytest.approx(mean + math.log(0.9))


def test_a_word_that_was_said_counts_for_a_tenth_wherever_it_stands() -> None:
    ngrams, encode = SMALL.ngrams, SMALL.tokenizer.encode
    said = [*encode("Hi, hi, HI you there now or later"), 2]  # 3 of 8 words
    choice = chatbot_choice("Hi, hi, HI you there now or later", 1.0, 1.0, model=SMALL)
    tokens = encode("Hi there!")[1:]
    shares = [3 / 8, 1 / 8, 0.0, 0.0]
    terms = [math.log(0.9 * ngrams.probabilities(said + tokens[:i])[token] + 0.1 * shares[i]) for i, token in enumerate(tokens)]
    assert choice.logits[choice.candidates.index("Hi there!")] == pytest.approx(sum(terms) / 4)


def test_the_text_changes_which_reply_is_the_most_probable() -> None:
    best = {chatbot_response(text, 0.0, 1.0) for text in ("Hello", "Hi", "Good morning, a good day to you")}
    assert best == {"Hello!", "Hi there!", "Good day to you!"}


@given(temperature=st.floats(0, 3), top_p=st.floats(0, 1), seed=st.integers(0, 2**32))
def test_the_draw_is_that_of_combined_sampling(temperature: float, top_p: float, seed: int) -> None:
    choice = chatbot_choice("See you soon", temperature, top_p, model=SMALL, rng=seed)
    assert choice.chosen == choice.candidates[int(tn.combined_sampling(choice.logits, temperature, top_p, rng=seed))]
    assert choice.probabilities == tuple(tn.get_token_probs(choice.logits, temperature, top_p).tolist())
    assert choice == chatbot_choice("See you soon", temperature, top_p, model=SMALL, rng=seed)
    assert choice.chosen == chatbot_response("See you soon", temperature, top_p, model=SMALL, rng=seed)


def test_chance_has_no_part_in_the_scores() -> None:
    assert len({chatbot_choice("Hello", 1.0, 1.0, rng=seed).logits for seed in range(5)}) == 1


@pytest.mark.parametrize("personality", PERSONALITIES)
def test_replies_come_as_often_as_the_settings_say(personality: str) -> None:
    settings, generator = PERSONALITIES[personality], np.random.default_rng(1)
    counts = Counter(chatbot_response("Hello there", **settings, model=SMALL, rng=generator) for _ in range(2000))
    choice = chatbot_choice("Hello there", **settings, model=SMALL)
    expected = reference.probabilities(choice.logits, **settings)
    kept = expected > 0
    np.testing.assert_array_equal(kept, np.array(choice.probabilities) > 0)
    observed = np.array([counts[reply] for reply in choice.candidates])
    assert observed[~kept].sum() == 0
    assert stats.chisquare(observed[kept], 2000 * expected[kept]).pvalue > 1e-3


def test_the_personalities_are_the_slides() -> None:
    assert PERSONALITIES == {
        "conservative": {"temperature": 0.5, "top_p": 0.9},
        "creative": {"temperature": 1.5, "top_p": 0.7},
    }
    for text in ("Hello", "What's the meaning of life?", "Goodbye"):
        conservative, creative = (max(chatbot_choice(text, **PERSONALITIES[name]).probabilities) for name in PERSONALITIES)
        assert conservative > creative


def test_a_choice_cannot_be_changed() -> None:
    choice: Any = chatbot_choice("Hello", 0.5, 0.9, model=SMALL)
    with pytest.raises(dataclasses.FrozenInstanceError):
        choice.chosen = "No."


def test_no_reply_is_there_twice() -> None:
    assert all(len(set(replies)) == len(replies) > 1 for replies in REPLIES.values())


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"input_text": 3}, TypeError, "^input_text must be a str, got 3$"),
        ({"temperature": -1}, ValueError, "^temperature must be .*, got -1$"),
        ({"top_p": 2}, ValueError, "^top_p must be .*, got 2$"),
        ({"model": 7}, TypeError, "^model must be the name of a model, a GGUF file or a folder, got 7$"),
        ({"rng": "seed"}, TypeError, "^rng must be"),
    ],
)
@pytest.mark.parametrize("function", [chatbot_choice, chatbot_response])
def test_what_is_wrong_is_named(function: Any, changes: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        function(**{"input_text": "Hello", "temperature": 0.5, "top_p": 0.9, **changes})
