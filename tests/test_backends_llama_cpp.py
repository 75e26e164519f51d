"""llama-cpp-python with the kernel attached: what it draws, what of a call has a say in it, and what stays llama.cpp's own."""

import ctypes
import doctest
import gc
import os
import re
import subprocess
import sys
import weakref
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cases import Failing, Row
from numpy.typing import NDArray

import thermonucleus as tn
from thermonucleus import reference
from thermonucleus.kernel import dispatch

llama_cpp = pytest.importorskip("llama_cpp")
pytest.importorskip("gguf")

import tiny_gguf  # noqa: E402

from thermonucleus.backends.llama_cpp import attach, current_logits  # noqa: E402

VOCABULARY = 500
POISONED = 333
PROMPT = "ba do"
CHAT = [{"role": "user", "content": "ba do"}]
DEFAULTS: dict[str, Any] = {"temp": 0.8, "top_k": 40, "top_p": 0.95, "min_p": 0.05}
SETTINGS: list[dict[str, Any]] = [
    DEFAULTS,
    {"temp": 1.5, "top_k": 0, "top_p": 0.8, "min_p": 0.0},
    {"temp": 0.6, "top_k": -1, "top_p": 1.0, "min_p": 0.1},
    {"temp": 1.0, "top_k": 0, "top_p": 0.9, "min_p": 0.0},
    {"temp": 2.0, "top_k": 30, "top_p": 1.0, "min_p": 0.0},
]

OTHERS: list[dict[str, Any]] = [
    {"temp": 1.3, "top_k": 0, "top_p": 1.0, "min_p": 0.0, "typical_p": 0.7},
    {"temp": 0.7, "typical_p": 0.8},
    # With an eta of 0, both versions of mirostat draw from the same at each step.
    {"temp": 0.5, "mirostat_mode": 1, "mirostat_tau": 2.5, "mirostat_eta": 0.0},
    {"temp": 0.5, "top_k": 2, "mirostat_mode": 2, "mirostat_tau": 3.0, "mirostat_eta": 0.0},
    {"temp": 0.0, "typical_p": 0.1},
    {"temp": 0.0, "mirostat_mode": 2},
]


def loaded(path: Path, **settings: Any) -> Any:
    return llama_cpp.Llama(str(path), n_ctx=128, n_threads=1, verbose=False, **settings)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_gguf.write(tmp_path_factory.mktemp("models") / "model.gguf", vocab_size=VOCABULARY)


@pytest.fixture(scope="module")
def model(path: Path) -> Iterator[Any]:
    with closing(loaded(path)) as llm:
        yield llm


@pytest.fixture
def llm(model: Any) -> Iterator[Any]:
    """Lend the model out, and see that nothing is left attached to it."""
    yield model
    attach(model).detach()
    model.reset()


def text(llm: Any, **settings: Any) -> str:
    answer = llm(PROMPT, **{"max_tokens": 30} | settings)
    return str(answer["choices"][0]["text"])


def streamed(llm: Any, **settings: Any) -> str:
    return "".join(piece["choices"][0]["text"] for piece in llm(PROMPT, max_tokens=30, stream=True, **settings))


def chatted(llm: Any, **settings: Any) -> str:
    answer = llm.create_chat_completion(CHAT, max_tokens=30, **settings)
    return str(answer["choices"][0]["message"]["content"])


class Recorder:
    """A logits processor that keeps what it sees."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def __call__(self, tokens: NDArray[np.intc], row: Row) -> Row:
        self.rows.append(row.copy())
        return row


def in_llama_order(row: Row, settings: dict[str, Any], u: float) -> int:
    """Draw by the reference, the temperature last: what is left after the truncations, and nothing else."""
    kept = reference.probabilities(row, top_k=max(settings["top_k"], 0), top_p=settings["top_p"], min_p=settings["min_p"]) > 0
    return int(reference.sample(np.where(kept, row, -np.inf), temperature=settings["temp"], u=u))


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_tokens_are_those_of_the_reference_for_the_same_uniforms(llm: Any, settings: dict[str, Any], level: str) -> None:
    seen = Recorder()
    with attach(llm, rng=5):
        stream = llm.generate([1, 300, 301], logits_processor=llama_cpp.LogitsProcessorList([seen]), **settings)
        tokens = [next(stream) for _ in range(100)]
        stream.close()
    uniforms = np.random.default_rng(5).random(100)
    assert tokens == [in_llama_order(row, settings, u) for row, u in zip(seen.rows, uniforms, strict=True)]
    assert len(set(tokens)) > 3


def frequencies(first: list[int], second: list[int]) -> NDArray[np.int64]:
    """Count tokens, those that are rare put together."""
    counts = np.stack([np.bincount(tokens, minlength=VOCABULARY) for tokens in (first, second)])
    rare = counts.sum(axis=0) < 10
    table = np.column_stack([counts[:, ~rare], counts[:, rare].sum(axis=1)])
    return table[:, table.sum(axis=0) > 0]


@pytest.mark.parametrize("settings", [*SETTINGS, *OTHERS], ids=str)
def test_frequencies_are_those_of_its_own_sampler(llm: Any, settings: dict[str, Any]) -> None:
    stats = pytest.importorskip("scipy.stats")
    llm.eval([1, 300, 301])
    llm.set_seed(11)
    own = llm._init_sampler(**settings)
    theirs = [own.sample(llm._ctx) for _ in range(20_000)]
    with attach(llm, rng=12):
        ours = [llm.sample(**settings) for _ in range(20_000)]
    if settings["temp"] == 0:
        assert set(theirs) == set(ours) == {int(current_logits(llm).argmax())}
        return
    assert stats.chi2_contingency(frequencies(theirs, ours)).pvalue > 1e-3
    if settings in SETTINGS and settings["temp"] != 1 and (settings["top_p"] < 1 or settings["min_p"] > 0):
        # With as many draws in the order of `thermonucleus.sample` this test fails.
        names = {"temperature": settings["temp"], "top_k": max(settings["top_k"], 0)}
        sampler = tn.Sampler(**names, top_p=settings["top_p"], min_p=settings["min_p"], rng=12)
        others = np.asarray(sampler(current_logits(llm), num_samples=20_000)).tolist()
        assert stats.chi2_contingency(frequencies(theirs, others)).pvalue < 1e-6


def generation(llm: Any, count: int, **settings: Any) -> tuple[list[int], list[Row]]:
    """Generate tokens, and return them with the rows that they were drawn from."""
    seen = Recorder()
    stream = llm.generate([1, 300, 301], logits_processor=llama_cpp.LogitsProcessorList([seen]), **settings)
    tokens = [next(stream) for _ in range(count)]
    stream.close()
    return tokens, seen.rows


@pytest.mark.parametrize(
    ("beside", "settings"),
    [
        ({}, {"temperature": 1.3, "typical_p": 0.6}),
        ({"xtc_probability": 0.6, "xtc_threshold": 0.02}, {"temperature": 0.9}),
        ({"top_n_sigma": 0.6}, {"temperature": 1.5, "top_k": 0}),
        ({"top_n_sigma": -1, "adaptive_target": -1}, {"temperature": 0.8}),
        ({"dynatemp_range": 0.5, "dynatemp_exponent": 1.5}, {"temperature": 1.2, "min_p": 0.0}),
        (
            {"top_n_sigma": 0.8, "xtc_probability": 0.5, "xtc_threshold": 0.05, "dynatemp_range": 0.3},
            {"temperature": 1.4, "top_k": 60, "typical_p": 0.97, "top_p": 0.9, "min_p": 0.01},
        ),
    ],
    ids=str,
)
def test_all_settings_of_llama_cpp_are_the_kernels_in_its_order(
    llm: Any, beside: dict[str, Any], settings: dict[str, Any], level: str
) -> None:
    with attach(llm, rng=5, **beside):
        tokens, rows = generation(llm, 60, **{"temp" if name == "temperature" else name: x for name, x in settings.items()})
    uniforms = np.random.default_rng(5).random(60)
    theirs = tn.Settings.preset("llama.cpp").replace(**beside, **settings)
    assert tokens == [tn.sample(row, theirs, u=u) for row, u in zip(rows, uniforms, strict=True)]
    # Each of them changes something.
    for name in beside.keys() - {"xtc_threshold", "dynatemp_exponent"}:
        other = theirs.replace(**{name: None})
        same = tokens == [tn.sample(row, other, u=u) for row, u in zip(rows, uniforms, strict=True)]
        assert same == (beside[name] == -1)


@pytest.mark.parametrize("version", [1, 2])
def test_mirostat_goes_through_a_generation_and_starts_anew_with_the_next(llm: Any, version: int) -> None:
    names: dict[str, Any] = {"mirostat_tau": 2.0, "mirostat_eta": 0.5}
    generator = np.random.default_rng(8)
    with attach(llm, rng=np.random.default_rng(8), top_n_sigma=0.1, xtc_probability=1.0):
        for _ in range(2):
            # Beside mirostat neither truncations nor the temperature have an effect.
            tokens, rows = generation(llm, 60, mirostat_mode=version, temp=0.3, top_k=1, **names)
            sampler = tn.Sampler(mirostat=version, **names, rng=generator)
            assert tokens == [sampler(row) for row in rows]


def test_adaptive_p_goes_through_a_generation_and_starts_anew_with_the_next(llm: Any) -> None:
    generator = np.random.default_rng(8)
    theirs = tn.Settings.preset("llama.cpp").replace(adaptive_target=0.2, adaptive_decay=0.5)
    with attach(llm, rng=np.random.default_rng(8), adaptive_target=0.2, adaptive_decay=0.5):
        for _ in range(2):
            tokens, rows = generation(llm, 60)
            sampler = tn.Sampler(theirs, rng=generator)
            assert tokens == [sampler(row) for row in rows]


@pytest.mark.parametrize("settings", [{"mirostat_mode": 2}, {"typical_p": 0.5}], ids=str)
def test_what_is_drawn_from_restrained_logits_is_what_is_accepted(llm: Any, settings: dict[str, Any]) -> None:
    attach(llm, rng=1)
    answer = text(llm, grammar=GRAMMAR, repeat_penalty=1.2, temperature=1.0, **settings)
    assert re.fullmatch("(ba|do| gu)*(b|d| | g)?", answer)
    assert len(answer) > 30


@pytest.mark.parametrize("produce", [text, streamed, chatted])
def test_the_seed_of_a_call_gives_the_same_text_again(llm: Any, produce: Any) -> None:
    attach(llm)
    first, second, other = (produce(llm, seed=seed, temperature=1.0) for seed in (3, 3, 4))
    assert first == second != other
    assert len(first) > 30


def test_a_text_is_the_same_streamed_or_not_and_at_every_level(llm: Any) -> None:
    texts = []
    for target in dispatch.targets():
        with dispatch.using(target), attach(llm, rng=9):
            texts += [text(llm) + text(llm)]
        with dispatch.using(target), attach(llm, rng=9):
            texts += [streamed(llm) + streamed(llm)]
    assert len(set(texts)) == 1


def test_a_generator_goes_on_from_call_to_call_whatever_the_seeds(llm: Any) -> None:
    generator = np.random.default_rng(4)
    attach(llm, rng=generator)
    first, second = text(llm, seed=1), text(llm, seed=1)
    assert first != second
    expected = np.random.default_rng(4)
    expected.random(60)
    assert generator.random() == expected.random()


def test_a_model_without_a_seed_draws_what_its_seeds_say_as_before(path: Path) -> None:
    texts = []
    for _ in range(2):
        with closing(loaded(path)) as llm, attach(llm):
            texts.append((text(llm), text(llm)))
    assert texts[0] == texts[1]
    assert texts[0][0] != texts[0][1]


@pytest.mark.parametrize("seed", [-1, llama_cpp.LLAMA_DEFAULT_SEED])
def test_the_seed_that_stands_for_none_gives_different_texts(llm: Any, seed: int) -> None:
    attach(llm)
    assert text(llm, seed=seed, temperature=1.0) != text(llm, seed=seed, temperature=1.0)


def test_a_loop_of_evals_and_samples_draws_with_fresh_numbers(llm: Any) -> None:
    text(llm)  # which leaves its sampler behind
    attach(llm)
    llm.eval([1, 300, 301])
    llm.set_seed(6)
    drawn = [llm.sample(**DEFAULTS) for _ in range(20)]
    row = current_logits(llm).copy()
    assert drawn == [in_llama_order(row, DEFAULTS, u) for u in np.random.default_rng(6).random(20)]
    llm.set_seed(6)
    assert [llm.sample(**DEFAULTS) for _ in range(20)] == drawn


GRAMMAR = llama_cpp.LlamaGrammar.from_string('root ::= ("ba" | "do" | " gu")+', verbose=False)
BAN = llama_cpp.LogitsProcessorList([lambda tokens, row: np.where(np.arange(len(row)) % 2 == len(tokens) % 2, row, -np.inf)])


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"repeat_penalty": 3.0},
        {"frequency_penalty": 0.7, "presence_penalty": 1.5},
        {"grammar": GRAMMAR},
        {"grammar": GRAMMAR, "presence_penalty": 1.5},
        {"logits_processor": BAN},
        {"logits_processor": BAN, "repeat_penalty": 3.0},
        {"logit_bias": {"400": 9.0, "401": 8.5}},
    ],
    ids=lambda settings: "+".join(settings) or "nothing",
)
def test_the_greedy_text_is_llama_cpps_whatever_changes_the_logits(llm: Any, settings: dict[str, Any]) -> None:
    own = text(llm, temperature=0, max_tokens=100, **settings)
    attach(llm)
    assert text(llm, temperature=0, max_tokens=100, **settings) == own
    assert not settings or own != text(llm, temperature=0, max_tokens=100)


@pytest.mark.parametrize("temperature", [0.5, 3.0])
def test_a_grammar_is_kept_to_at_any_temperature(llm: Any, temperature: float) -> None:
    attach(llm, rng=1)
    answer = text(llm, temperature=temperature, top_k=0, top_p=1.0, min_p=0.0, grammar=GRAMMAR, repeat_penalty=1.2)
    assert re.fullmatch("(ba|do| gu)*(b|d| | g)?", answer)
    assert len(answer) > 30


def test_speculative_decoding_changes_nothing(path: Path, llm: Any) -> None:
    from llama_cpp.llama_speculative import LlamaPromptLookupDecoding

    draft = LlamaPromptLookupDecoding(max_ngram_size=2, num_pred_tokens=4)
    with closing(loaded(path, draft_model=draft)) as speculating, attach(speculating), attach(llm):
        for settings in ({"temperature": 0}, {"seed": 3, "top_k": 3}):
            assert text(speculating, max_tokens=60, **settings) == text(llm, max_tokens=60, **settings)


def told(llm: Any) -> Any:
    return llm(PROMPT, max_tokens=10, temperature=0, logprobs=3, repeat_penalty=2.0)["choices"][0]["logprobs"]


def test_logprobs_are_those_of_the_model(path: Path) -> None:
    with closing(loaded(path, logits_all=True)) as llm:
        own = told(llm)
        llm.reset()
        with attach(llm):
            assert told(llm) == own


@pytest.mark.parametrize("settings", [{}, {"temperature": 0}, {"temperature": 1.0}, {"repeat_penalty": 1.5}], ids=str)
def test_an_error_in_the_logits_names_step_row_and_index(tmp_path: Path, settings: dict[str, Any]) -> None:
    path = tiny_gguf.write(tmp_path / "poisoned.gguf", vocab_size=VOCABULARY, poisoned=POISONED)
    generator = np.random.default_rng(0)
    message = rf"^at step 0 logits must be finite or -inf, got nan at row 0, index {POISONED}$"
    with closing(loaded(path)) as llm, attach(llm, rng=generator), pytest.raises(ValueError, match=message):
        text(llm, **settings)
    assert generator.random() == np.random.default_rng(0).random()


def test_steps_are_counted_from_the_start_of_each_generation(llm: Any) -> None:
    attach(llm, rng=0)
    prompt = [1, 300, 301]

    def fail(tokens: NDArray[np.intc], row: Row) -> Row:
        row[7] = np.nan if len(tokens) == len(prompt) + 3 else row[7]
        return row

    for _ in range(2):
        drawn: list[int] = []
        with pytest.raises(ValueError, match=r"^at step 3 logits must be .*, got nan at row 0, index 7$"):
            drawn.extend(llm.generate(prompt, logits_processor=[fail]))
        assert len(drawn) == 3
    assert text(llm)


def test_a_row_that_allows_nothing_is_an_error(llm: Any) -> None:
    attach(llm)
    with pytest.raises(ValueError, match=r"^at step 0 logits must leave a token to draw"):
        text(llm, logits_processor=[lambda tokens, row: np.full_like(row, -np.inf)])


def spoil(tokens: NDArray[np.intc], row: Row) -> Row:
    row[:400] = -np.inf
    return row


@pytest.mark.parametrize("settings", [{"logits_processor": [spoil]}, {"repeat_penalty": 1.5}, {"grammar": GRAMMAR}], ids=list)
def test_the_logits_that_the_model_holds_are_left_as_they_are(llm: Any, settings: dict[str, Any]) -> None:
    attach(llm)
    stream = llm.generate([1, 300, 301], top_k=2, **settings)
    tokens = [next(stream) for _ in range(5)]
    row = current_logits(llm).copy()
    stream.close()
    llm.reset()
    llm.eval([1, 300, 301])
    for token in tokens[:-1]:
        llm.eval([token])
    np.testing.assert_array_equal(row, current_logits(llm))


def test_what_a_logits_processor_raises_comes_through(llm: Any) -> None:
    attach(llm)

    def broken(tokens: NDArray[np.intc], row: Row) -> Row:
        raise KeyError("broken")

    with pytest.raises(KeyError, match="broken"):
        text(llm, logits_processor=[broken])


def test_what_a_generator_raises_comes_through_as_it_is(llm: Any) -> None:
    with attach(llm, rng=Failing()), pytest.raises(ValueError, match=r"^out of numbers$"):
        text(llm)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"temperature": -1.0}, "temperature must be .*, got -1"),
        ({"top_p": 1.5}, r"top_p must be .*, got 1\.5"),
        ({"min_p": np.nan}, "min_p must be .*, got nan"),
        ({"typical_p": 0.0}, r"typical_p must be .*, got 0(\.0)?"),
        ({"mirostat_mode": 3}, "mirostat_mode must be 0, 1 or 2, got 3"),
        ({"mirostat_mode": 2, "mirostat_tau": 0.0}, r"mirostat_tau must be .*, got 0(\.0)?"),
        ({"mirostat_mode": 2, "top_p": 1.5}, r"top_p must be .*, got 1\.5"),
    ],
    ids=str,
)
def test_settings_that_cannot_be_honoured_are_refused_before_anything_is_drawn(
    llm: Any, settings: dict[str, Any], message: str
) -> None:
    generator = np.random.default_rng(0)
    attach(llm, rng=generator)
    with pytest.raises(ValueError, match=rf"^{message}$"):
        text(llm, **settings)
    assert generator.random() == np.random.default_rng(0).random()


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"xtc_probability": 1.5}, ValueError, r"xtc_probability must be .*, got 1\.5$"),
        ({"top_n_sigma": [1.0, 2.0]}, ValueError, "top_n_sigma must be"),
        ({"dynatemp_range": "0.5"}, TypeError, "dynatemp_range must be"),
        (
            {"temperature": 0.5},
            TypeError,
            r"temperature is a setting that the calls .* give, as in llm\(prompt, temperature=\.\.\.\)$",
        ),
        ({"mirostat": 2}, TypeError, r"mirostat is a setting that the calls .* give, as in llm\(prompt, mirostat_mode=\.\.\.\)$"),
        (
            {"tfs": 0.9},
            TypeError,
            "unexpected keyword 'tfs': the settings that calls do not give are top_n_sigma, xtc_probability, ",
        ),
        ({"order": "vllm"}, TypeError, "unexpected keyword 'order'"),
    ],
    ids=str,
)
def test_settings_beside_those_of_the_calls_are_checked_at_once(
    llm: Any, settings: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=rf"^{message}"):
        attach(llm, **settings)
    assert "_init_sampler" not in vars(llm)


def test_an_attachment_says_what_it_was_given(llm: Any) -> None:
    assert repr(attach(llm, top_n_sigma=1, xtc_probability=0.5)) == (
        "<Attachment: the seed of each call, top_n_sigma=1, xtc_probability=0.5>"
    )


@pytest.mark.parametrize("rng", ["1", True, 1.5])
def test_arguments_are_checked(llm: Any, rng: Any) -> None:
    with pytest.raises(TypeError, match=r"^rng must be"):
        attach(llm, rng=rng)
    for function in attach, current_logits:
        with pytest.raises(TypeError, match=r"^llm must be a llama_cpp\.Llama, got 'model\.gguf'$"):
            function("model.gguf")
    assert "_init_sampler" not in vars(llm)


def test_a_model_that_was_closed_is_refused(path: Path) -> None:
    llm = loaded(path)
    llm.close()
    for function in attach, current_logits:
        with pytest.raises(ValueError, match=r"^llm must be open"):
            function(llm)


def test_another_way_to_make_samplers_is_refused(llm: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(llama_cpp.Llama, "_init_sampler")
    with pytest.raises(RuntimeError, match=r"makes its samplers in a way that is not known here"):
        attach(llm)


def test_a_model_that_is_detached_is_as_it_was(llm: Any) -> None:
    own = text(llm, seed=1)
    llm.eval([1, 300])
    with attach(llm, rng=1) as attachment:
        assert repr(attachment) == "<Attachment: Generator(PCG64)>"
        assert text(llm, seed=1) != own
    assert llm._sampler is None
    assert text(llm, seed=1) == own
    assert not {"_init_sampler", "set_seed"} & set(vars(llm))
    attachment.detach()


def test_the_last_attachment_counts(llm: Any) -> None:
    first, second = attach(llm, rng=1), attach(llm, rng=2)
    first.detach()
    attached = text(llm)
    with attach(llm, rng=2):
        assert text(llm) == attached
    second.detach()
    assert "_init_sampler" not in vars(llm)


def test_a_model_is_freed_with_its_last_reference(path: Path) -> None:
    llm = loaded(path)
    attachment = attach(llm)
    text(llm, repeat_penalty=1.5, logits_processor=[Recorder()])
    gone = weakref.ref(llm)
    gc.disable()
    try:
        del llm
        assert gone() is None
    finally:
        gc.enable()
    attachment.detach()


def test_current_logits_are_llama_cpps_own_memory(llm: Any) -> None:
    llm.eval([1, 300, 301])
    row = current_logits(llm)
    pointer = llama_cpp.llama_get_logits_ith(llm.ctx, -1)
    assert row.ctypes.data == ctypes.addressof(pointer.contents)
    assert np.shares_memory(row, np.ctypeslib.as_array(pointer, shape=(VOCABULARY,)))
    assert row.dtype == np.float32
    assert row.shape == (VOCABULARY,)
    before = row.copy()
    llm.eval([302])
    assert np.shares_memory(current_logits(llm), row)
    assert not np.array_equal(before, row)


def test_current_logits_are_those_of_each_token_where_the_model_keeps_them(path: Path) -> None:
    with closing(loaded(path, logits_all=True)) as llm:
        llm.eval([1, 300, 301])
        for i in range(3):
            np.testing.assert_array_equal(current_logits(llm, i), llm.scores[i])
            np.testing.assert_array_equal(current_logits(llm, i - 3), llm.scores[i])


def test_logits_that_are_not_there_are_an_error(path: Path) -> None:
    with closing(loaded(path)) as llm:
        with pytest.raises(ValueError, match=r"^index must be that of a token .*, got -1$"):
            current_logits(llm)
        llm.eval([1, 300, 301])
        with pytest.raises(ValueError, match=r"^index must be that of a token .*, got 3$"):
            current_logits(llm, 3)


@pytest.mark.parametrize("function", [attach, current_logits])
def test_the_examples_hold_with_a_model(path: Path, function: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    source = (function.__doc__ or "").replace("# doctest: +SKIP", "")
    example = doctest.DocTestParser().get_doctest(source, {}, function.__name__, None, None)
    assert len(example.examples) > 4
    assert doctest.DocTestRunner().run(example).failed == 0


def test_the_benchmark_prints_a_line_for_each_setting(capsys: pytest.CaptureFixture[str]) -> None:
    import backends_llama_cpp

    backends_llama_cpp.main(["--sizes", "400", "500", "--width", "32", "--tokens", "5", "--rounds", "1"])
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    assert len(lines) == 2 + 2 * len(backends_llama_cpp.SETTINGS)
    assert len({line.count("|") for line in lines}) == 1


def test_without_llama_cpp_the_error_names_the_extra() -> None:
    program = "import sys; sys.modules['llama_cpp'] = None; import thermonucleus.backends.llama_cpp"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 1
    assert 'ImportError: llama_cpp is needed here, and is not installed: pip install "thermonucleus[llama-cpp]"' in done.stderr
