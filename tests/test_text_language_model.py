"""The language model: text in, text out, the same every time."""
# ruff: noqa: RUF001 - other scripts are meant

import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import thermonucleus as tn
from thermonucleus.text import LanguageModel, Tokenizer, generate

Draw = Callable[[Any], int]

TALE = LanguageModel.train(["The cat (a tabby) sat on the mat. The dog, e.g. Rex, sat on the cat."])


def test_the_builtin_model_knows_thousands_of_words(language_model: LanguageModel) -> None:
    assert language_model.size > 2000
    assert {"future", "intelligence", "temperature", "lighthouse"} < set(language_model.tokenizer.vocabulary)


def test_it_is_trained_on_the_builtin_corpus_with_what_reads_best(language_model: LanguageModel, corpus: list[str]) -> None:
    row = language_model.next_logits("The future of")
    np.testing.assert_array_equal(LanguageModel.train(corpus, order=4, discount=0.75).next_logits("The future of"), row)
    assert (LanguageModel.train(corpus, discount=1.0).next_logits("The future of") != row).any()


def test_three_words_in_a_row_are_seldom_new(language_model: LanguageModel, corpus: list[str]) -> None:
    known = {gram for text in corpus for gram in grams(language_model.encode(text))}
    sampler: Any = tn.Sampler(temperature=0.7, top_p=0.9, rng=1)
    drawn = list(generate(language_model, language_model.encode("The"), sampler=sampler, max_tokens=3000))
    assert np.mean([gram not in known for gram in grams(drawn)]) < 0.03


def grams(tokens: Sequence[int]) -> list[tuple[int, ...]]:
    return [tuple(tokens[i : i + 3]) for i in range(len(tokens) - 2)]


def continued(model: LanguageModel, prompt: str, sampler: Draw, **settings: Any) -> str:
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
def test_the_continuation_fits_the_prompt(prompt: str, continuation: str, greedy: Draw) -> None:
    assert continued(TALE, prompt, greedy, whole_sentence=True) == continuation


@pytest.mark.parametrize(("prompt", "start"), [("", "The "), ("The mat.", " The "), (" ", "The ")])
def test_a_new_sentence_starts_with_a_capital(prompt: str, start: str, greedy: Draw) -> None:
    assert continued(TALE, prompt, greedy).startswith(start)


def test_the_text_goes_on_after_a_sentence_unless_told_not_to(language_model: LanguageModel, random_sampler: Draw) -> None:
    assert "." in continued(language_model, "Once upon a time", random_sampler)[:-2]
    alone = continued(language_model, "Once upon a time", random_sampler, whole_sentence=True)
    assert len(re.findall(r"[.!?](?: |$)", alone)) <= 1


def test_generated_text_is_well_formed(language_model: LanguageModel, random_sampler: Draw) -> None:
    text = continued(language_model, "", random_sampler, max_tokens=3000)
    assert "<unk>" not in text
    assert "<bos>" not in text
    assert re.search(r"\s[,.;:!?)]|\(\s|  |￭", text) is None
    assert re.search(r"[a-z]\. [a-z]+ ", text.replace("e.g. ", "").replace("i.e. ", "")) is None


@given(st.text(alphabet=st.characters(exclude_characters="\0")))
def test_any_prompt_can_be_continued(prompt: str) -> None:
    pieces = list(TALE.stream(prompt, sampler=lambda row: int(row.argmax()), max_tokens=9))
    assert pieces
    assert all(pieces)


@pytest.mark.parametrize(
    ("prompt", "settings", "error", "message"),
    [
        (None, {}, TypeError, "^prompt must be a str, got None$"),
        ("T\0h\0e\0", {}, ValueError, "^prompt must be text without NULs, got one at character 2 of line 1: it looks like UTF-16"),
        ("The", {"max_tokens": -1}, ValueError, "^max_tokens must be 0 or more, got -1$"),
        ("The", {"sampler": 3}, TypeError, "^sampler must be callable, got 3 of type int$"),
    ],
)
def test_arguments_are_checked_at_the_call(
    prompt: Any, settings: dict[str, Any], error: type[Exception], message: str, greedy: Draw
) -> None:
    arguments: dict[str, Any] = {"sampler": greedy, "max_tokens": 3} | settings
    with pytest.raises(error, match=message):
        TALE.stream(prompt, **arguments)


@pytest.mark.parametrize(
    ("paragraphs", "error", "message"),
    [
        ("The cat sat.", TypeError, "^paragraphs must be several texts, got a single str: put it in a list$"),
        (7, TypeError, "^paragraphs must be an iterable of texts, got 7 of type int$"),
        (["The cat sat.", 7], TypeError, r"^paragraphs\[1\] must be a str, got 7$"),
        (["The cat sat.", "I\0t"], ValueError, r"^paragraphs\[1\] must be text without NULs, got one at character 2 of line 1"),
        ([" "], ValueError, "^paragraphs must hold at least one word, got none$"),
    ],
)
def test_what_it_is_to_learn_from_is_checked(paragraphs: Any, error: type[Exception], message: str) -> None:
    for learn in (LanguageModel.train, Tokenizer.from_corpus):
        with pytest.raises(error, match=message):
            learn(paragraphs)


def test_a_text_without_spaces_is_learnt_and_drawn_character_by_character(random_sampler: Draw) -> None:
    model = LanguageModel.train(["他说今天天气很好，我们去公园散步吧。" * 30, "wwwwww" * 300])
    for prompt in ("他说", "今天", ""):
        text = continued(model, prompt, random_sampler, max_tokens=8)
        assert 0 < len(text.encode()) <= 8 * 4
    assert continued(model, "他说今天", lambda row: int(row.argmax()), max_tokens=5) == "天气很好，"


PROGRAM = """
import numpy as np
from thermonucleus.text import LanguageModel, builtin_corpus
model, rng = LanguageModel.train(), np.random.default_rng(1)
def sampler(row):
    weights = np.exp(row.astype(float))
    return rng.choice(len(row), p=weights / weights.sum())
print(builtin_corpus(), model.tokenizer.vocabulary)
print("".join(model.stream("Once upon a time", sampler=sampler, max_tokens=200)))
"""


def test_the_same_seed_gives_the_same_text_in_every_process() -> None:
    def output(hash_seed: str) -> bytes:
        environment = os.environ | {
            "PYTHONHASHSEED": hash_seed,
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "PYTHONIOENCODING": "utf-8",
        }
        return subprocess.run([sys.executable, "-c", PROGRAM], env=environment, check=True, capture_output=True).stdout

    first = output("1")
    assert len(first) > 1000
    assert output("2") == first
