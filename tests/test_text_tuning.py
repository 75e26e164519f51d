"""Tuning: texts drawn with common random numbers, a search that moves, and a sweep that is the same anywhere."""

import builtins
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("scipy")
pytest.importorskip("joblib")
pytest.importorskip("tqdm")

import joblib
from scipy.optimize import minimize

import thermonucleus as tn
from thermonucleus.text import BOS, LanguageModel, generate
from thermonucleus.text.objective import Study, Texts, draw_texts, measure
from thermonucleus.text.split import Split, halves, split_corpus
from thermonucleus.text.tuning import Trial, Tuning, judge, optimize_params, sweep

pytestmark = pytest.mark.usefixtures("thorough")


@pytest.fixture(scope="module")
def split() -> Split:
    return split_corpus()


@pytest.fixture(scope="module")
def study(split: Split, thorough: bool) -> Study:
    return Study(split.model, split.tuning)


@pytest.fixture(scope="module")
def evaluations(thorough: bool) -> int:
    return 20 if thorough else 8


@pytest.fixture(scope="module")
def tuning(evaluations: int) -> Tuning:
    return optimize_params(0.4, 0.6, evaluations=evaluations, progress=False)


def test_the_parts_of_the_corpus_share_no_paragraph(split: Split, corpus: list[str]) -> None:
    assert not set(split.tuning) & set(split.judging)
    held_out = set(split.tuning) | set(split.judging)
    assert held_out < set(corpus)
    assert len(held_out) == pytest.approx(len(corpus) / 2, abs=1)
    trained = LanguageModel.train([text for text in corpus if text not in held_out], discount=1.0)
    context = split.model.tokenizer.encode("The future of artificial intelligence")
    known = trained.tokenizer.encode("The future of artificial intelligence")
    assert split.model(context).max() == pytest.approx(trained(known).max(), rel=1e-3)


def test_another_seed_splits_the_corpus_otherwise(split: Split) -> None:
    assert split_corpus(rng=0).tuning == split.tuning
    assert split_corpus(rng=1).tuning != split.tuning


def test_texts_drawn_together_are_those_that_are_drawn_alone(split: Split) -> None:
    prompts = [split.model.tokenizer.encode(text)[:4] for text in split.tuning[:3]]
    uniforms = np.random.default_rng(1).random((12, 3))
    together, surprise = draw_texts(split.model, prompts, uniforms, temperature=0.8, top_p=0.9)
    for prompt, text, numbers in zip(prompts, together, uniforms.T, strict=True):
        left = iter(numbers)

        def draw(row: Any, left: Iterator[float] = left) -> Any:
            return tn.sample(row, temperature=0.8, top_p=0.9, u=next(left))

        assert text == prompt + list(generate(split.model.ngrams, prompt, sampler=draw, max_tokens=12))
    logs = [split.model.logprobs(text, len(prompt)) for prompt, text in zip(prompts, together, strict=True)]
    assert surprise == pytest.approx(-np.mean(logs), rel=1e-2)  # words that no text shows have a small part of the probability


def test_trials_begin_with_prompts_that_people_wrote(split: Split) -> None:
    seen: list[Texts] = []

    def objective(texts: Texts) -> float:
        seen.append([list(text) for text in texts])
        return 0.0

    study = Study(split.model, split.tuning, objective, texts=7)
    for top_p in (0.1, 1.0):
        study.trial(1.0, top_p)
    first, second = seen
    assert len(first) == 7
    assert all(text[0] == BOS and BOS not in text[1:] for text in first)
    assert [text[:6] for text in first] == [text[:6] for text in second]
    assert first != second
    human = " ".join(split.tuning)
    assert sum(split.model.tokenizer.decode(text[:4]) in human for text in first) >= 4  # all but those with an unusual space


def test_a_trial_is_the_same_each_time(study: Study) -> None:
    assert study.trial(0.9, 0.8) == study.trial(0.9, 0.8)
    assert study.trial(0.9, 0.8) != study.trial(0.9, 0.5)


def test_the_distance_is_a_root_mean_square_of_standard_scores(study: Study) -> None:
    assert study.distance(study.human) == 0.0
    away = {name: study.human[name] - 3 * study.scales[name] for name in study.human}
    assert study.distance(away) == pytest.approx(3.0)
    one_away = dict(study.human, zipf=away["zipf"])
    assert study.distance(one_away) == pytest.approx(3 / np.sqrt(len(study.human)))


def test_greedy_and_hot_text_is_farther_from_human_text_than_plain_samples(study: Study) -> None:
    plain = study.trial(1.0, 0.95)
    for temperature, top_p in ((0.1, 0.1), (0.5, 0.9), (2.0, 1.0)):
        assert study.trial(temperature, top_p).loss > 3 * plain.loss


def test_measures_tell_loops_from_varied_text() -> None:
    varied = measure([list(range(10 * i + 3, 10 * i + 13)) for i in range(9)])
    looped = measure([[3, 4, 5] * 4] * 9)
    assert (varied["distinct_1"], varied["loops"], looped["loops"], looped["self_bleu"]) == (1.0, 0.0, 1.0, 1.0)


def test_the_search_leaves_a_bad_start_for_a_good_setting(tuning: Tuning) -> None:
    assert (tuning.start.temperature, tuning.start.top_p) == (0.4, 0.6)
    assert tuning.loss < tuning.start.loss / 4
    assert 0.7 < tuning.temperature <= 2.0


def test_every_trial_is_recorded_in_order_and_within_bounds(tuning: Tuning, evaluations: int) -> None:
    assert len(tuning.trials) == evaluations
    assert tuning.trials[0] is tuning.start
    assert all(0.1 <= trial.temperature <= 2.0 and 0.1 <= trial.top_p <= 1.0 for trial in tuning.trials)
    assert tuning.loss == min(trial.loss for trial in tuning.trials) == tuning.best.loss
    assert all(set(trial.measures) == set(tuning.human) for trial in tuning.trials)


def test_a_tuning_unpacks_as_on_the_slide(tuning: Tuning) -> None:
    temperature, top_p = tuning
    assert (temperature, top_p) == (tuning.temperature, tuning.top_p) == (tuning.best.temperature, tuning.best.top_p)


def test_the_same_seed_finds_the_same(tuning: Tuning, evaluations: int) -> None:
    assert optimize_params(0.4, 0.6, evaluations=evaluations, progress=False) == tuning
    assert optimize_params(0.4, 0.6, evaluations=1, progress=False, rng=1).start != tuning.start


@pytest.mark.parametrize("start", [[1.0, 0.9], [0.4, 0.6]], ids=str)
def test_l_bfgs_b_never_leaves_its_start(study: Study, tuning: Tuning, start: list[float]) -> None:
    bounds = [(0.1, 2.0), (0.1, 1.0)]
    result = minimize(lambda setting: study.trial(*setting).loss, start, bounds=bounds, method="L-BFGS-B")
    assert result.x.tolist() == start
    assert tuning.loss < result.fun


@pytest.mark.parametrize("method", ["Powell", "COBYQA"])
def test_other_methods_keep_to_the_number_of_evaluations(method: str, evaluations: int) -> None:
    tuning = optimize_params(0.4, 0.6, evaluations=evaluations, method=method, progress=False)
    assert len(tuning.trials) == evaluations
    assert tuning.loss < tuning.start.loss


def test_an_objective_of_ones_own_is_what_is_made_small(evaluations: int) -> None:
    def few_distinct_tokens(texts: Texts) -> float:
        return float(-len({token for text in texts for token in text}))

    tuning = optimize_params(0.5, 0.5, objective=few_distinct_tokens, evaluations=evaluations, progress=False)
    assert tuning.loss < 2 * tuning.start.loss < 0
    assert tuning.temperature > 1.0


def test_a_model_of_ones_own_is_tuned_on_texts_of_ones_own(split: Split, corpus: list[str]) -> None:
    model = LanguageModel.train(corpus[:300])
    first = optimize_params(1.0, 0.9, model=model, texts=corpus[300:], evaluations=1, progress=False)
    second = optimize_params(1.0, 0.9, model=model, texts=corpus[600:], evaluations=1, progress=False)
    assert first.human != second.human


def test_texts_alone_train_the_model_too(corpus: list[str]) -> None:
    first = optimize_params(1.0, 0.9, texts=corpus, evaluations=1, progress=False)
    assert first == optimize_params(1.0, 0.9, evaluations=1, progress=False)
    assert first != optimize_params(1.0, 0.9, texts=corpus[:600], evaluations=1, progress=False)


def test_texts_are_dealt_into_halves_that_share_none(corpus: list[str]) -> None:
    tuning, judging = halves(corpus, rng=3)
    assert sorted(tuning + judging) == sorted(corpus)
    assert abs(len(tuning) - len(judging)) <= 1
    assert halves(corpus, rng=3) == (tuning, judging) != halves(corpus, rng=4)


def test_an_edge_of_the_bounds_is_a_start() -> None:
    tuning = optimize_params(2.0, 1.0, evaluations=4, progress=False)
    assert (tuning.start.temperature, tuning.start.top_p) == (2.0, 1.0)
    assert tuning.loss < tuning.start.loss


def test_progress_is_shown_on_standard_error_unless_it_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    optimize_params(1.0, 0.9, evaluations=2)
    shown = capsys.readouterr()
    assert "2/2" in shown.err
    assert "loss=" in shown.err
    assert shown.out == ""
    optimize_params(1.0, 0.9, evaluations=2, progress=False)
    assert capsys.readouterr().err == ""


GRID = ([0.5, 1.0, 1.5], [0.4, 0.9])


@pytest.fixture(scope="module")
def losses(thorough: bool) -> Any:
    return sweep(*GRID)


def test_a_sweep_sees_what_a_search_sees(losses: Any) -> None:
    assert losses.shape == (3, 2)
    assert losses[1, 1] == optimize_params(1.0, 0.9, evaluations=1, progress=False).loss
    assert losses[0, 0] == optimize_params(0.5, 0.4, evaluations=1, progress=False).loss


def test_a_sweep_is_the_same_in_several_processes(losses: Any) -> None:
    np.testing.assert_array_equal(sweep(*GRID, n_jobs=2), losses)


def test_a_sweep_runs_on_a_dask_cluster(losses: Any) -> None:
    distributed = pytest.importorskip("distributed")
    settings: dict[str, Any] = {"n_workers": 1, "threads_per_worker": 2, "processes": False, "dashboard_address": None}
    with distributed.LocalCluster(**settings) as cluster, distributed.Client(cluster) as client:
        before = client.run_on_scheduler(lambda dask_scheduler: dask_scheduler.transition_counter)
        with joblib.parallel_config(backend="dask"):
            on_cluster = sweep(*GRID)
        assert client.run_on_scheduler(lambda dask_scheduler: dask_scheduler.transition_counter) > before  # it did the work
    np.testing.assert_array_equal(on_cluster, losses)


def test_a_judgement_is_by_text_that_the_search_has_not_seen(losses: Any) -> None:
    verdict = judge(1.0, 0.9, repeats=2)
    assert isinstance(verdict, Trial)
    assert verdict == judge(1.0, 0.9, repeats=2)
    assert verdict.loss != losses[1, 1]
    assert verdict.loss != judge(1.0, 0.9, repeats=3).loss
    assert verdict.loss < judge(0.4, 0.6, repeats=2).loss


def test_a_judgement_is_a_mean_over_other_prompts_and_uniform_numbers(split: Split) -> None:
    seen: list[Texts] = []

    def objective(texts: Texts) -> float:
        seen.append(texts)
        return float(len(seen))

    assert judge(1.0, 0.9, model=split.model, texts=split.judging, objective=objective, repeats=3).loss == 2.0
    assert seen[0] != seen[1] != seen[2]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: optimize_params(3.0, 0.9), ValueError, "initial_temp must be from 0.1 to 2, got 3"),
        (lambda: optimize_params(1.0, 0.05), ValueError, "initial_top_p must be from 0.1 to 1, got 0.05"),
        (lambda: optimize_params(float("nan"), 0.9), ValueError, "initial_temp must be a finite number"),
        (lambda: optimize_params(1.0, "a"), TypeError, "initial_top_p must be a number"),  # type: ignore[arg-type]
        (lambda: optimize_params(1.0, 0.9, evaluations=0), ValueError, "evaluations must be 1 or more, got 0"),
        (lambda: optimize_params(1.0, 0.9, evaluations=1.5), TypeError, "evaluations must be an integer"),  # type: ignore[arg-type]
        (lambda: optimize_params(1.0, 0.9, model=LanguageModel.train(["a"])), ValueError, "^texts must be given with n-grams of"),
        (lambda: optimize_params(1.0, 0.9, texts=["a"]), ValueError, "^paragraphs must be five or more, got 1$"),
        (lambda: judge(1.0, 0.9, model=7), TypeError, "^model must be the name of a model"),  # type: ignore[arg-type]
        (lambda: optimize_params(1.0, 0.9, objective=3), TypeError, "objective must be callable, got 3"),  # type: ignore[arg-type]
        (lambda: sweep([1.0, -1.0], [0.9]), ValueError, r"temperatures\[1\] must be a finite number, 0 or more, got -1"),
        (lambda: sweep([1.0], [1.5]), ValueError, r"top_ps\[0\] must be a number from 0 to 1, got 1.5"),
        (lambda: judge(-1.0, 0.9), ValueError, "temperature must be a finite number"),
        (lambda: judge(1.0, 0.9, repeats=0), ValueError, "repeats must be 1 or more, got 0"),
        (lambda: split_corpus(["a"] * 4), ValueError, "paragraphs must be five or more, got 4"),
    ],
)
def test_wrong_arguments_are_refused(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


def test_a_sweep_and_a_judgement_show_progress_if_asked_to(capsys: pytest.CaptureFixture[str]) -> None:
    sweep([1.0], [0.5, 0.9], progress=True)
    assert "2/2" in capsys.readouterr().err
    judge(1.0, 0.9, repeats=1, progress=True)
    assert "trial" in capsys.readouterr().err
    judge(1.0, 0.9, repeats=1)
    assert capsys.readouterr().err == ""


def test_too_little_text_is_refused(split: Split) -> None:
    with pytest.raises(ValueError, match="paragraphs must make more than 60 pieces of 45 tokens"):
        Study(split.model, split.tuning[:10])


@pytest.mark.parametrize(
    ("missing", "call"),
    [
        ("scipy", lambda: optimize_params(1.0, 0.9)),
        ("tqdm", lambda: optimize_params(1.0, 0.9)),
        ("joblib", lambda: sweep([1], [1])),
    ],
)
def test_a_missing_library_is_named_with_the_extra_that_brings_it(monkeypatch: pytest.MonkeyPatch, missing: str, call: Any) -> None:
    real = builtins.__import__

    def without(name: str, *arguments: Any, **keywords: Any) -> Any:
        if name.partition(".")[0] == missing:
            raise ImportError(f"No module named {missing!r}")
        return real(name, *arguments, **keywords)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=re.escape('pip install "thermonucleus[tune]"')):
        call()
