"""What settings make of the token that follows a prompt: every answer is a number of `thermonucleus.probabilities` or `sample`."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from thermonucleus.explore.models import OfferedModel
from thermonucleus.explore.program import program
from thermonucleus.explore.questions import DrawsQuestion, FindQuestion, NextQuestion, QuestionError
from thermonucleus.explore.stages import StageOn, refuse_stateful, stages_on
from thermonucleus.sampling import probabilities, sample
from thermonucleus.settings import Settings
from thermonucleus.text.model import Row

__all__ = ["answer_draws", "answer_find", "answer_next", "entropy", "most_probable"]

SPECIAL = 5
"""Names of tokens that can't follow. Chosen: the special ones of the built-in model, and a few of another's."""

Ids = NDArray[np.intp]


class Stages(NamedTuple):
    """A row of logits, and its probabilities before all stages and after each of those that are on, in their order."""

    logits: Row
    on: list[StageOn]
    probabilities: Row
    """Shape (1 + len(on), V)."""

    @property
    def before(self) -> Row:
        """The model's own probabilities."""
        row: Row = self.probabilities[0]
        return row

    @property
    def after(self) -> Row:
        """Those that a token is drawn with."""
        row: Row = self.probabilities[-1]
        return row

    def cut_by(self, token: int) -> str | None:
        """Return the name of the first stage that left a token nothing, None if it may be drawn or no stage is to blame."""
        if self.after[token] > 0 or self.logits[token] == -np.inf:
            return None
        return next((stage.name for stage, p in zip(self.on, self.probabilities[1:], strict=True) if p[token] == 0), None)


def answer_next(question: NextQuestion, model: OfferedModel) -> dict[str, Any]:
    """Answer what becomes of the next token."""
    read = model.read(question.prompt)
    stages = _stages(read.logits, question.settings)
    shown = most_probable(read.logits, question.rows)
    others = np.ones(len(read.logits), np.bool_)
    others[shown] = False
    kept = np.count_nonzero(stages.after)
    largest = int(stages.after.argmax())
    return {
        "size": len(read.logits),
        "possible": read.possible,
        "special": [model.names[token] for token in np.flatnonzero(read.logits == -np.inf)[:SPECIAL]],
        "before": {"entropy": entropy(stages.before), "largest": float(stages.before.max())},
        "after": {"entropy": entropy(stages.after), "largest": float(stages.after[largest]), "kept": int(kept)},
        "rows": [_token(model, stages, int(token), rank) for rank, token in enumerate(shown, 1)],
        "rest": {
            "count": read.possible - len(shown),
            "before": _mass(stages.before, others),
            "after": _mass(stages.after, others),
            "kept": int(np.count_nonzero(stages.after[others])),
        },
        "stages": _each_stage(stages),
        "sentence": f"{kept:,} of {read.possible:,} tokens kept; the most probable, '{model.names[largest]}', has "
        f"{_percent(float(stages.after[largest]))}.",
        "unknown": read.unknown,
        "python": program(model.name, question.prompt, question.settings, question.seed),
    }


def answer_find(question: FindQuestion, model: OfferedModel) -> dict[str, Any]:
    """Answer which tokens have a text in their name: those that are the text first, then the most probable."""
    read = model.read(question.prompt)
    stages = _stages(read.logits, question.settings)
    sought = question.text.casefold()
    found = np.array([token for token, name in enumerate(model.folded_names) if sought in name], np.intp)
    exact = [_likeness(model.names[token], question.text) for token in found]
    first = found[np.lexsort((found, -read.logits[found], np.array(exact, np.intp)))][: question.limit]
    tokens = [_token(model, stages, int(token), _rank(read.logits, int(token))) for token in first]
    return {"tokens": tokens, "count": len(found)}


def answer_draws(question: DrawsQuestion, model: OfferedModel) -> dict[str, Any]:
    """Answer how often each of some tokens is drawn."""
    logits = model.read(question.prompt).logits
    refuse_stateful(question.settings)
    odd = next((token for token in question.ids if token >= len(logits)), None)
    if odd is not None:
        raise QuestionError(f"ids must be tokens of the model, from 0 to {len(logits) - 1:,}, got {odd:,}")
    drawn = sample(logits, question.settings, rng=question.seed, num_samples=question.count)
    each = np.bincount(drawn, minlength=len(logits))[np.array(question.ids, np.intp)]
    return {"counts": each.tolist(), "other": question.count - int(each.sum())}


def most_probable(logits: Row, count: int) -> Ids:
    """Return the tokens of the largest logits, the largest first, of equal ones that of the lowest index; -inf is none of them."""
    count = min(count, int(np.count_nonzero(logits > -np.inf)))
    if count == 0:
        return np.empty(0, np.intp)
    least = np.partition(logits, len(logits) - count)[len(logits) - count]
    candidates = np.flatnonzero(logits >= least)
    order: Ids = candidates[np.argsort(-logits[candidates], kind="stable")][:count]
    return order


def entropy(p: Row) -> float:
    """Return the entropy of probabilities, in bits."""
    kept = p[p > 0].astype(np.float64)
    return float(np.abs(-(kept * np.log2(kept)).sum()))  # of a single token 0, not -0


def _stages(logits: Row, settings: Settings) -> Stages:
    refuse_stateful(settings)
    on = stages_on(settings)
    each = [Settings(), *(stage.so_far for stage in on)]
    return Stages(logits, on, probabilities(np.broadcast_to(logits, (len(each), len(logits))), each))


def _each_stage(stages: Stages) -> list[dict[str, Any]]:
    kept = [np.count_nonzero(p) for p in stages.probabilities]
    return [
        {"stage": stage.name, "settings": stage.settings, "kept": int(now), "ties": _ties(stages.logits[p > 0]) if now < was else 0}
        for stage, p, was, now in zip(stages.on, stages.probabilities[1:], kept, kept[1:], strict=False)
    ]


def _ties(kept: Row) -> int:
    """Count the kept tokens that are as probable as the least probable of them; 0 if that is one alone."""
    ties = int(np.count_nonzero(kept == kept.min()))
    return ties if ties > 1 else 0


def _token(model: OfferedModel, stages: Stages, token: int, rank: int | None) -> dict[str, Any]:
    return {
        "id": token,
        "name": model.names[token],
        "rank": rank,
        "before": float(stages.before[token]),
        "after": float(stages.after[token]),
        "cut_by": stages.cut_by(token),
    }


def _rank(logits: Row, token: int) -> int | None:
    """Return the place of a token among all by their probability, from 1 on; None if it can't follow."""
    own = logits[token]
    if own == -np.inf:
        return None
    return 1 + int(np.count_nonzero(logits > own)) + int(np.count_nonzero(logits[:token] == own))


def _likeness(name: str, text: str) -> int:
    """Return 0 where a name is the text, 1 where case or spaces tell them apart, else 2."""
    if name == text:
        return 0
    return 1 if name.strip().casefold() == text.strip().casefold() else 2


def _mass(p: Row, which: NDArray[np.bool_]) -> float:
    return float(p[which].sum(dtype=np.float64))


def _percent(p: float) -> str:
    if p < 0.001:
        return "less than 0.1%"
    return f"{p:.0%}" if p >= 0.1 else f"{p:.1%}"
