"""ONNX Runtime: real sessions of tiny models, fed as they want it; the text of a sequence the same in every way to compute it."""

import itertools
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cases import Failing
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

import thermonucleus
from thermonucleus import reference
from thermonucleus.sampling import draw_tokens

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from onnxruntime import InferenceSession, SessionOptions
from tiny_onnx import VOCABULARY, bigrams, decoder, model

from thermonucleus.backends import onnxruntime as backend
from thermonucleus.backends.onnxruntime import generate, stream

Tokens = NDArray[np.int64]
Prompts = list[list[int]]

SETTINGS: dict[str, Any] = {"temperature": 0.9, "top_k": 12, "top_p": 0.95, "min_p": 0.1}
PROMPTS: Prompts = [[3], [1, 4, 1, 5], [9, 2, 6], [5, 3], [5, 8, 9, 7, 9, 3], [2], [3, 8, 4], [6, 2, 6, 4]]


class Recording(InferenceSession):  # type: ignore[misc]
    """A session that keeps what it was fed with and what came out."""

    def __init__(self, serialized: bytes, options: SessionOptions | None = None) -> None:
        super().__init__(serialized, options, providers=["CPUExecutionProvider"])
        self.fed: list[dict[str, NDArray[Any]]] = []
        self.returned: list[list[NDArray[Any]]] = []

    def run(self, names: list[str], feeds: dict[str, NDArray[Any]], options: Any = None) -> list[NDArray[Any]]:
        self.fed.append(feeds)
        self.returned.append(super().run(names, feeds, options))
        return self.returned[-1]


@pytest.fixture(scope="module")
def sessions() -> dict[str, Recording]:
    cases = itertools.product(("cached", "uncached"), ("float32", "float16"))
    return {f"{cache} {bits}": Recording(decoder(cache=cache == "cached", half=bits == "float16")) for cache, bits in cases}


@pytest.fixture
def cached(sessions: dict[str, Recording]) -> Recording:
    session = sessions["cached float32"]
    session.fed.clear()
    session.returned.clear()
    return session


def padded(prompts: Prompts) -> dict[str, Any]:
    """Prompts padded on the left, with a token that the model would not ignore, and what says so."""
    longest = max(map(len, prompts))
    ids = [[7] * (longest - len(prompt)) + prompt for prompt in prompts]
    mask = [[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts]
    return {"input_ids": np.array(ids), "attention_mask": np.array(mask)}


def plainly(session: Recording, prompt: list[int], seed: int, count: int, **settings: Any) -> list[int]:
    """Draw the tokens of one sequence from an uncached model with the reference, in the plainest of loops."""
    generator = np.random.default_rng(seed)
    ids = np.array([prompt])
    for _ in range(count):
        (logits,) = session.run(["logits"], {"input_ids": ids, "attention_mask": np.ones_like(ids)})
        token = reference.sample(logits[0, -1], u=generator.random(), **settings)
        ids = np.append(ids, [[token]], axis=1)
    return list(ids[0, len(prompt) :])


# ---- the text of a sequence


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("bits", ["float32", "float16"])
@pytest.mark.parametrize("cache", ["cached", "uncached"])
def test_the_text_is_that_of_the_reference_in_every_batch(
    sessions: dict[str, Recording], cache: str, bits: str, workers: int, level: str
) -> None:
    options = SETTINGS | {"max_new_tokens": 12, "workers": workers}
    expected = [plainly(sessions[f"uncached {bits}"], prompt, seed, 12, **SETTINGS) for seed, prompt in enumerate(PROMPTS)]
    session = sessions[f"{cache} {bits}"]
    together = generate(session, **padded(PROMPTS), rng=list(range(8)), **options)
    assert together[:, -12:].tolist() == expected
    for seed, prompt in enumerate(PROMPTS[:3]):
        assert generate(session, [prompt], rng=seed, **options)[0, len(prompt) :].tolist() == expected[seed]


@settings(max_examples=40)
@given(
    prompts=st.lists(st.lists(st.integers(0, VOCABULARY - 1), min_size=1, max_size=5), min_size=1, max_size=4),
    cache=st.sampled_from(["cached float32", "uncached float32"]),
    data=st.data(),
)
def test_a_sequence_does_not_depend_on_its_neighbours(
    sessions: dict[str, Recording], prompts: Prompts, cache: str, data: st.DataObject
) -> None:
    count = len(prompts)
    each = st.lists(st.integers(0, 9), min_size=count, max_size=count)
    temperature, seeds = [np.array(data.draw(each)) / 6, data.draw(each)]
    options: dict[str, Any] = {"max_new_tokens": 6, "eos_token_id": [3, 12, 28], "pad_token_id": 1}
    together = generate(sessions[cache], **padded(prompts), temperature=temperature, rng=seeds, **options)
    for i, prompt in enumerate(prompts):
        alone = generate(sessions[cache], [prompt], temperature=temperature[i], rng=seeds[i], **options)[0, len(prompt) :]
        drawn = together[i, max(map(len, prompts)) :]
        assert drawn[: len(alone)].tolist() == alone.tolist()
        assert set(drawn[len(alone) :]) <= {1}


def test_one_seed_for_all_is_spawned_from(cached: Recording) -> None:
    prompts = [[4, 2]] * 3
    spawned = np.random.default_rng(5).spawn(3)
    together = generate(cached, prompts, max_new_tokens=8, rng=5)
    assert together.tolist() == generate(cached, prompts, max_new_tokens=8, rng=spawned).tolist()
    assert len({tuple(sequence) for sequence in together.tolist()}) == 3


@pytest.mark.parametrize("call", [generate, lambda *args, **options: np.column_stack([*stream(*args, **options)])])
def test_the_temperature_may_come_last(cached: Recording, sessions: dict[str, Recording], call: Callable[..., Tokens]) -> None:
    hot = {"temperature": 9.0, "top_p": 0.5}
    expected = plainly(sessions["uncached float32"], [4, 2], 1, 12, **hot, temperature_last=True)
    assert call(cached, [[4, 2]], max_new_tokens=12, rng=1, **hot, temperature_last=True)[0, -12:].tolist() == expected
    assert call(cached, [[4, 2]], max_new_tokens=12, rng=1, **hot)[0, -12:].tolist() != expected


def test_each_sequence_may_have_its_own_settings(cached: Recording) -> None:
    options: dict[str, Any] = {"max_new_tokens": 8, "rng": [1, 1, 1, 1]}
    own: dict[str, Any] = {
        "temperature": [0.0, 1.0, 1.0, 2.0],
        "top_k": [0, 0, 1, 3],
        "top_p": [1.0, 0.4, 1.0, 0.9],
        "min_p": [0, 0, 0, 0.2],
        "temperature_last": [False, False, False, True],
    }
    together = generate(cached, [[4, 2]] * 4, **own, **options)
    for i in range(4):
        alone = {name: values[i] for name, values in own.items()}
        assert together[i].tolist() == generate(cached, [[4, 2]], **alone, max_new_tokens=8, rng=1)[0].tolist()
    assert together[0].tolist() == together[2].tolist()


def test_every_setting_may_differ_from_sequence_to_sequence_in_any_order(cached: Recording, sessions: dict[str, Recording]) -> None:
    own: dict[str, Any] = {
        "temperature": [2.0, 2.0, 1.5, 0.7],
        "typical_p": [0.4, 1.0, 1.0, 0.9],
        "top_n_sigma": [-1.0, 0.8, -1.0, 2.0],
        "xtc_probability": [0.0, 0.0, 0.7, 0.5],
        "xtc_threshold": [0.1, 0.1, 0.02, 0.05],
        "dynatemp_range": [0.0, 0.5, 0.0, 0.3],
    }
    each = [{name: values[i] for name, values in own.items()} for i in range(4)]
    expected = [plainly(sessions["uncached float32"], [4, 2], i, 12, **each[i], order="llama.cpp") for i in range(4)]
    requests = [thermonucleus.Settings(**settings, order="llama.cpp") for settings in each]
    options: dict[str, Any] = {"max_new_tokens": 12, "rng": list(range(4))}
    assert generate(cached, [[4, 2]] * 4, requests, **options)[:, 2:].tolist() == expected
    assert generate(cached, [[4, 2]] * 4, **own, order="llama.cpp", **options)[:, 2:].tolist() == expected
    assert generate(cached, [[4, 2]] * 4, **own, **options)[:, 2:].tolist() != expected


@pytest.mark.parametrize("state", [{"mirostat": 2}, {"adaptive_target": 0.5, "min_p": 0.1}], ids=list)
def test_what_depends_on_the_draws_before_is_refused_at_the_call(cached: Recording, state: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="depends on the draws before"):
        stream(cached, [[4, 2]], max_new_tokens=3, **state)


# ---- against the sampler that can be had from ONNX Runtime itself

ITS_OWN = """
sampler (float[B, 29] logits) => (int64[B, N] tokens) {
    scaled = Div (logits, temperature)
    highest, indices = TopK (scaled, top_k)
    p = Softmax (highest)
    before = CumSum <exclusive = 1> (p, last_axis)
    in_nucleus = Less (before, top_p)
    kept = Where (in_nucleus, highest, never)
    choices = Multinomial <dtype = 7, sample_size = 20000, seed = 1.0> (kept)
    tokens = GatherElements <axis = 1> (indices, choices)
}
"""


@pytest.mark.parametrize("options", [(2.0, VOCABULARY, 1.0), (1.5, 15, 0.9)], ids=["temperature", "temperature, top-k and top-p"])
def test_frequencies_are_those_of_the_op_multinomial_and_tokens_those_of_the_reference(
    cached: Recording, options: tuple[float, int, float]
) -> None:
    count = 20_000
    temperature, top_k, top_p = options
    kwargs: dict[str, Any] = {"temperature": temperature, "top_k": top_k, "top_p": top_p}
    ours = generate(cached, np.tile([[4, 2]], (count, 1)), max_new_tokens=1, rng=3, **kwargs)[:, -1]
    logits = cached.returned[0][0][:1, -1]

    constants = {"temperature": np.float32(temperature), "top_k": np.array([top_k]), "top_p": np.float32(top_p)}
    arrays = {name: np.asarray(value) for name, value in constants.items()}
    own = model(ITS_OWN, arrays | {"never": np.array(-1e9, np.float32), "last_axis": np.array(1)})
    theirs = InferenceSession(own).run(None, {"logits": logits})[0][0]

    expected = reference.probabilities(logits[0], **kwargs) * count
    kept = expected > 0
    assert expected[kept].min() > 5
    frequencies = [np.bincount(tokens, minlength=VOCABULARY) for tokens in (ours, theirs)]
    for counts in frequencies:
        assert counts[~kept].sum() == 0
        assert stats.chisquare(counts[kept], expected[kept]).pvalue > 1e-3
    assert stats.chi2_contingency([counts[kept] for counts in frequencies]).pvalue > 1e-3

    u = [generator.random() for generator in np.random.default_rng(3).spawn(count)]
    np.testing.assert_array_equal(ours, reference.sample(logits[0], u=u, num_samples=count, **kwargs))


# ---- how the session is fed


def test_a_cached_model_is_fed_the_newest_token_and_its_own_cache(cached: Recording) -> None:
    ids = generate(cached, **padded([[3], [1, 4, 1]]), max_new_tokens=3, rng=0)
    assert [feeds["input_ids"].tolist() for feeds in cached.fed] == [
        ids[:, :3].tolist(),
        ids[:, 3:4].tolist(),
        ids[:, 4:5].tolist(),
    ]
    assert cached.fed[0]["position_ids"].tolist() == [[0, 0, 0], [0, 1, 2]]
    assert cached.fed[2]["position_ids"].tolist() == [[2], [4]]
    assert cached.fed[2]["attention_mask"].tolist() == [[0, 0, 1, 1, 1], [1, 1, 1, 1, 1]]
    assert [feeds["use_cache_branch"].tolist() for feeds in cached.fed] == [[False], [True], [True]]
    assert cached.fed[0]["past_key_values.0.key"].shape == (2, 2, 0, 4)
    assert cached.fed[2]["past_key_values.0.key"] is cached.returned[1][1]
    assert cached.fed[2]["past_key_values.0.value"] is cached.returned[1][2]


def test_feeds_have_the_types_that_the_session_wants() -> None:
    graph = (
        "m (int32[B, T] input_ids, float[B, T] attention_mask) => (float[B, T, 4] logits) { logits = Gather (table, input_ids) }"
    )
    session = Recording(model(graph, {"table": np.eye(4, dtype=np.float32)}))
    assert generate(session, [[2]], max_new_tokens=2, temperature=0).tolist() == [[2, 2, 2]]


def test_float32_logits_are_read_where_the_session_left_them(
    sessions: dict[str, Recording], cached: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = []

    def spy(logits: Any, rows: NDArray[np.float32], *rest: Any) -> Any:
        read.append(rows)
        return draw_tokens(logits, rows, *rest)

    monkeypatch.setattr(backend, "draw_tokens", spy)
    generate(cached, [[4, 2]] * 3, max_new_tokens=4)
    shared = [np.shares_memory(rows, outputs[0]) for rows, outputs in zip(read, cached.returned, strict=True)]
    assert shared == [False, True, True, True]  # of several rows of several tokens, the last are not contiguous

    read.clear()
    uncached = sessions["uncached float32"]
    uncached.returned.clear()
    generate(uncached, [[4, 2, 4]], max_new_tokens=3)
    assert all(np.shares_memory(rows, outputs[0]) for rows, outputs in zip(read, uncached.returned, strict=True))


def test_nothing_runs_before_it_is_asked_for_and_no_more_than_that(cached: Recording) -> None:
    tokens = stream(cached, [[4, 2]], max_new_tokens=50, rng=0)
    assert len(cached.fed) == 0
    first, second = itertools.islice(tokens, 2)
    assert len(cached.fed) == 2
    assert first.shape == (1,)
    assert first.dtype == np.int64
    assert generate(cached, [[4, 2]], max_new_tokens=2, rng=0).tolist() == [[4, 2, first[0], second[0]]]
    assert len(cached.fed) == 4


def test_what_the_caller_does_to_tokens_and_prompts_changes_nothing(cached: Recording) -> None:
    expected = generate(cached, [[4, 2]], max_new_tokens=5, rng=0, eos_token_id=0)
    prompts = np.array([[4, 2]])
    for i, tokens in enumerate(stream(cached, prompts, max_new_tokens=5, rng=0, eos_token_id=0)):
        assert tokens == expected[0, 2 + i]
        tokens[:] = 0
        prompts[:] = 1


def test_no_tokens_without_a_run(cached: Recording) -> None:
    assert generate(cached, np.array([[4, 2]], np.int32), max_new_tokens=0).tolist() == [[4, 2]]
    assert len(cached.fed) == 0


# ---- ends


def counting(size: int = 10) -> NDArray[np.float64]:
    """Bigrams of a model that counts up."""
    return 99.0 * np.eye(size)[(np.arange(size) + 1) % size]


def test_after_the_end_comes_padding_until_the_last_has_ended() -> None:
    session = Recording(bigrams(counting()))
    assert generate(session, [[0], [2], [5]], max_new_tokens=50, eos_token_id=4, pad_token_id=9).tolist() == [
        [0, 1, 2, 3, 4, *[9] * 5],
        [2, 3, 4, *[9] * 7],
        [5, 6, 7, 8, 9, 0, 1, 2, 3, 4],
    ]
    assert len(session.fed) == 9


def test_several_tokens_may_end_a_sequence_and_the_first_of_them_pads() -> None:
    session = Recording(bigrams(counting()))
    ids = generate(session, [[1], [5]], max_new_tokens=50, eos_token_id=[7, 2])
    assert ids.tolist() == [[1, 2, 7], [5, 6, 7]]


def test_an_end_in_the_prompt_ends_nothing() -> None:
    session = Recording(bigrams(counting()))
    assert generate(session, [[4]], max_new_tokens=2, eos_token_id=4).tolist() == [[4, 5, 6]]


def test_stop_sees_prompt_and_tokens_of_each_sequence_that_goes_on() -> None:
    graph = (
        "m (int64[B, T] input_ids, int64[B, T] attention_mask) => (float[B, T, 10] logits) { logits = Gather (table, input_ids) }"
    )
    session = Recording(model(graph, {"table": counting().astype(np.float32)}))
    seen = []

    def stop(tokens: Tokens) -> bool:
        seen.append(tokens.tolist())
        return len(tokens) == 4

    ids = generate(session, **padded([[1], [4, 5]]), max_new_tokens=9, stop=stop, pad_token_id=0)
    assert ids.tolist() == [[7, 1, 2, 3, 4], [4, 5, 6, 7, 0]]
    assert seen == [[1, 2], [4, 5, 6], [1, 2, 3], [4, 5, 6, 7], [1, 2, 3, 4]]


def test_a_sequence_that_has_ended_draws_no_more_and_its_logits_do_not_matter() -> None:
    table = counting()
    table[9] = np.nan
    generators = [np.random.default_rng(0), np.random.default_rng(0)]
    ids = generate(Recording(bigrams(table)), [[0], [2]], max_new_tokens=50, eos_token_id=4, pad_token_id=9, rng=generators)
    assert ids.tolist() == [[0, 1, 2, 3, 4], [2, 3, 4, 9, 9]]
    assert [generator.random() for generator in generators] == [np.random.default_rng(0).random(n)[-1] for n in (5, 3)]


# ---- what is wrong is said


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("workers", [1, 2])
def test_a_broken_model_is_named_by_step_row_and_index(value: float, workers: int) -> None:
    table = counting()
    table[5, 8] = value
    tokens = stream(Recording(bigrams(table)), [[0], [3], [0]], max_new_tokens=9, workers=workers)
    assert [next(tokens).tolist(), next(tokens).tolist()] == [[1, 4, 1], [2, 5, 2]]
    with pytest.raises(ValueError, match=rf"^at step 2 logits must be finite or -inf, got {value} at row 1, index 8$"):
        next(tokens)


def test_a_model_that_leaves_nothing_to_draw_is_named_by_step_and_row() -> None:
    with pytest.raises(ValueError, match=r"^at step 0 logits must leave a token to draw, got -inf at every index of row 1$"):
        generate(Recording(bigrams(np.array([[0, 0, 0], [-np.inf] * 3]))), [[0], [1]], max_new_tokens=1)


class Beyond(np.random.Generator):
    """A generator of a user's own whose numbers are none of [0, 1)."""

    def random(self, *arguments: Any, **options: Any) -> Any:
        return 1.5


@pytest.mark.parametrize(
    ("generator", "message"), [(Failing(), "out of numbers"), (Beyond(np.random.PCG64(0)), r"u must be in \[0, 1\), got 1\.5")]
)
def test_what_is_wrong_with_a_generator_is_not_said_of_a_step(cached: Recording, generator: Any, message: str) -> None:
    with pytest.raises(ValueError, match=rf"^{message}$"):
        generate(cached, [[4, 2]], max_new_tokens=2, rng=generator)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"session": "model.onnx"}, TypeError, "session must be an onnxruntime.InferenceSession, got str"),
        ({"input_ids": [4, 2]}, ValueError, r"input_ids must be a batch of prompts, .*, got shape \(2,\)"),
        ({"input_ids": [[]]}, TypeError, "input_ids must be .* integers .*, got dtype float64"),
        ({"input_ids": np.zeros((2, 0), int)}, ValueError, r"input_ids must be .*, got shape \(2, 0\)"),
        ({"input_ids": [[4], [4, 2]]}, ValueError, "input_ids cannot be read as a batch .* padded on the left: .*inhomogeneous"),
        ({"input_ids": [[4, -100]]}, ValueError, "input_ids must be .* 0 or more, .* got -100"),
        ({"input_ids": "text"}, TypeError, "input_ids must be .*, got dtype <U4"),
        ({"attention_mask": [[1], [1, 1]]}, ValueError, "attention_mask cannot be read as an array of numbers: .*inhomogeneous"),
        ({"attention_mask": [1, 1]}, ValueError, r"attention_mask must be of the shape of input_ids, \(1, 2\), got \(2,\)"),
        ({"attention_mask": [[1, 0]]}, ValueError, "attention_mask must end in 1: the prompts are padded on the left"),
        ({"attention_mask": [[2, 1]]}, ValueError, "attention_mask must hold 1 for tokens and 0 for padding"),
        ({"max_new_tokens": -1}, ValueError, "max_new_tokens must be 0 or more, got -1"),
        ({"max_new_tokens": 2.5}, TypeError, r"max_new_tokens must be an integer, got 2\.5 of type float"),
        ({"max_new_tokens": None}, TypeError, "max_new_tokens must be an integer, got None"),
        ({"max_new_tokens": True}, TypeError, "max_new_tokens must be an integer, got True"),
        ({"eos_token_id": -1}, ValueError, "eos_token_id must be 0 or more, got -1"),
        ({"eos_token_id": [1, "2"]}, TypeError, "eos_token_id must be an integer, got '2'"),
        ({"pad_token_id": [1]}, TypeError, r"pad_token_id must be an integer, got \[1\]"),
        ({"stop": len}, ValueError, "stop needs a pad_token_id"),
        ({"temperature": -1}, ValueError, "temperature must be .*, got -1"),
        ({"top_p": [0.5, 0.9]}, ValueError, "top_p must be a number, or one for each of the 1 rows"),
        ({"temperature_last": 1}, TypeError, "temperature_last must be True or False, got 1 of type int"),
        ({"rng": [1, 2]}, ValueError, "rng must be a single seed or one for each of the 1 sequences, got 2"),
        ({"workers": 0}, ValueError, "workers must be 1 or more"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
@pytest.mark.parametrize("call", [stream, generate])
def test_arguments_are_checked_at_the_call(
    cached: Recording, call: Callable[..., object], change: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=f"^{message}"):
        call(**{"session": cached, "input_ids": [[4, 2]], "max_new_tokens": 2} | change)
    assert len(cached.fed) == 0


PAST = '"past_key_values.0.key"'
UNFIT = {
    "no logits": ("input_ids", "", "scores", r"returns \['scores'\]"),
    "no input_ids": ("tokens", "", "logits", r"takes \['tokens'\]"),
    "more inputs": ("input_ids", "int64[B, T] token_type_ids", "logits", r"takes \['input_ids', 'token_type_ids'\]"),
    "no present": ("input_ids", f"float[B, 2, P, 4] {PAST}", "logits", r"a present\.\* for each of the past"),
    "a past of old": ("input_ids", f"float[2, B, P, 4] {PAST}", "logits", r"one axis that grows, .* has shape \[2, 'B', 'P', 4\]"),
    "a past of one length": (
        "input_ids",
        f"float[1, 2, 64, 4] {PAST}",
        "logits",
        r"one axis that grows, .* has shape \[1, 2, 64, 4\]",
    ),
    "a past left open": (
        "input_ids",
        f"float[B, 2, P, D] {PAST}",
        "logits",
        r"'D'\]: another .*add_free_dimension_override_by_name",
    ),
    "bfloat16": ("input_ids", f"bfloat16[B, 2, P, 4] {PAST}", "logits", r"its input .*\.0\.key is a tensor\(bfloat16\)"),
}
"""Names and types of inputs, the name of the output, and what is said of them."""


@pytest.mark.parametrize("unfit", UNFIT)
def test_a_session_with_other_inputs_and_outputs_is_refused(unfit: str) -> None:
    ids, more, output, message = UNFIT[unfit]
    inputs = ", ".join(filter(None, [f"int64[B, T] {ids}", more]))
    graph = f"m ({inputs}) => (float[B, T, 3] {output}) {{ {output} = Gather (table, {ids}) }}"
    session = Recording(model(graph, {"table": np.eye(3, dtype=np.float32)}))
    with pytest.raises(ValueError, match=rf"^session must .*{message}"):
        stream(session, [[0]], max_new_tokens=1)


def test_an_axis_that_a_model_leaves_open_takes_its_size_from_the_options_of_the_session() -> None:
    signature = f'(int64[B, T] input_ids, float[B, 2, P, D] {PAST}) => (float[B, T, 10] logits, float[B, 2, P, D] "present.0.key")'
    graph = f'm {signature} {{ logits = Gather (table, input_ids) "present.0.key" = Identity ({PAST}) }}'
    options = SessionOptions()
    options.add_free_dimension_override_by_name("D", 4)
    session = Recording(model(graph, {"table": counting().astype(np.float32)}), options)
    assert generate(session, [[1, 2]], max_new_tokens=2).tolist() == [[1, 2, 3, 4]]
    assert session.fed[0]["past_key_values.0.key"].shape == (1, 2, 0, 4)


def test_logits_of_another_shape_are_refused() -> None:
    graph = "m (int64[B, T] input_ids) => (float[B, 3] logits) { all = Gather (table, input_ids) logits = ReduceSum (all, axis) }"
    constants = {"table": np.eye(3, dtype=np.float32), "axis": np.array([1])}
    session = Recording(model(graph.replace("ReduceSum", "ReduceSum <keepdims = 0>"), constants))
    with pytest.raises(ValueError, match=r"^session must return logits of shape \(B, T, V\), got \(1, 3\)$"):
        generate(session, [[0, 1]], max_new_tokens=1)


def test_padding_is_refused_by_a_model_that_would_read_it() -> None:
    session = Recording(bigrams(counting()))
    with pytest.raises(ValueError, match=r"^attention_mask must not mask anything: the session has no such input"):
        stream(session, **padded([[1], [2, 3]]), max_new_tokens=1)
    assert generate(session, [[1, 2]], attention_mask=[[1, 1]], max_new_tokens=1).tolist() == [[1, 2, 3]]


def test_without_onnxruntime_the_import_names_the_extra() -> None:
    code = "import sys; sys.modules['onnxruntime'] = None; import thermonucleus.backends.onnxruntime"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=False, timeout=60)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("ImportError: ")
    assert 'pip install "thermonucleus[onnxruntime]"' in done.stderr


def test_the_benchmark_prints_a_share_for_each_sampler_size_and_number_of_sequences() -> None:
    command = [sys.executable, "-X", "utf8", "benchmarks/backends_onnxruntime.py", "--sizes", "300", "500", "--width", "16"]
    root = Path(__file__).parent.parent
    done = subprocess.run([*command, "--tokens", "3"], cwd=root, capture_output=True, encoding="utf-8", check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in done.stdout.splitlines() if line.startswith("|")]
    assert cells[0] == ["sampler", "V", "sequences", "model, µs", "sampling, µs", "sampling's share"]
    cases = itertools.product(["300", "500"], ["1", "8"], ["NumPy", "thermonucleus"])
    assert [(size, count, name) for name, size, count, *_ in cells[2:]] == list(cases)
    assert all(0 < float(row[-1].rstrip("%")) < 100 for row in cells[2:])
