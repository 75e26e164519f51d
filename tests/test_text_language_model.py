"""The language model: text in, text out, the same every time."""

import os
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thermonucleus.text import LanguageModel

TALE = LanguageModel.train(["The cat (a tabby) sat on the mat. The dog, e.g. Rex, sat on the cat."])


def test_the_builtin_model_knows_thousands_of_words(language_model) -> None:
    assert len(language_model.tokenizer) > 2000
    assert "object" in language_model.tokenizer.vocabulary


def continued(model, prompt, sampler, **settings):
    return "".join(model.stream(prompt, sampler=sampler, **{"max_tokens": 60} | settings))


@pytest.mark.parametrize(
    ("prompt", "continuation"),
    [
        ("The dog", ", e.g. Rex, sat on the cat."),
        ("The dog, ", "e.g. Rex, sat on the cat."),
        ("The cat (", "a tabby) sat on the cat."),
        ("Quux, the dog", ", e.g. Rex, sat on the cat."),
    ],
)
def test_the_continuation_fits_the_prompt(prompt, continuation, greedy) -> None:
    assert continued(TALE, prompt, greedy, whole_sentence=True) == continuation


@pytest.mark.parametrize(("prompt", "start"), [("", "The "), ("The mat.", " The "), (" ", "The ")])
def test_a_new_sentence_starts_with_a_capital(prompt, start, greedy) -> None:
    assert continued(TALE, prompt, greedy).startswith(start)


def test_the_text_goes_on_after_a_sentence_unless_told_not_to(language_model, random_sampler) -> None:
    assert "." in continued(language_model, "The value", random_sampler)[:-2]
    alone = continued(language_model, "The value", random_sampler, whole_sentence=True)
    assert len(re.findall(r"[.!?](?: |$)", alone)) <= 1


def test_generated_text_is_well_formed(language_model, random_sampler) -> None:
    text = continued(language_model, "", random_sampler, max_tokens=3000)
    assert "<unk>" not in text
    assert "<bos>" not in text
    assert re.search(r"\s[,.;:!?)]|\(\s|  |￭", text) is None
    assert re.search(r"[a-z]\. [a-z]+ ", text.replace("e.g. ", "").replace("i.e. ", "")) is None


@given(st.text())
def test_any_prompt_can_be_continued(prompt) -> None:
    pieces = list(TALE.stream(prompt, sampler=lambda row: int(row.argmax()), max_tokens=9))
    assert pieces
    assert all(pieces)


@pytest.mark.parametrize(
    ("prompt", "settings", "error", "message"),
    [
        (None, {}, TypeError, "prompt must be a str, got None"),
        ("The", {"max_tokens": -1}, ValueError, "max_tokens"),
        ("The", {"sampler": 3}, TypeError, "sampler"),
    ],
)
def test_arguments_are_checked_at_the_call(prompt, settings, error, message, greedy) -> None:
    with pytest.raises(error, match=message):
        TALE.stream(prompt, **{"sampler": greedy, "max_tokens": 3} | settings)


def test_one_string_is_not_several_texts() -> None:
    with pytest.raises(TypeError, match="put it in a list"):
        LanguageModel.train("The cat sat on the mat.")


PROGRAM = """
import numpy as np
from thermonucleus.text import LanguageModel, builtin_corpus
model, rng = LanguageModel.train(), np.random.default_rng(1)
def sampler(row):
    weights = np.exp(row.astype(float))
    return rng.choice(len(row), p=weights / weights.sum())
print(builtin_corpus(), model.tokenizer.vocabulary)
print("".join(model.stream("The value", sampler=sampler, max_tokens=200)))
"""


def test_the_same_seed_gives_the_same_text_in_every_process() -> None:
    def output(hash_seed):
        environment = os.environ | {
            "PYTHONHASHSEED": hash_seed,
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "PYTHONIOENCODING": "utf-8",
        }
        return subprocess.run([sys.executable, "-c", PROGRAM], env=environment, check=True, capture_output=True).stdout

    first = output("1")
    assert len(first) > 1000
    assert output("2") == first
