"""What a grid of temperatures and values of top-p makes of the token that follows a prompt."""

from typing import Any

import numpy as np

from thermonucleus.explore.models import OfferedModel
from thermonucleus.explore.next_token import entropy
from thermonucleus.explore.questions import MapQuestion, with_changes
from thermonucleus.explore.stages import refuse_stateful
from thermonucleus.sampling import probabilities
from thermonucleus.text.model import Row

__all__ = ["answer_map"]

FINE = 20_000
"""The largest V with the fine grid. Chosen: 400 rows of it take half a second."""

TEMPERATURES = (*(i / 10 for i in range(1, 11)), *(1 + i / 5 for i in range(1, 11)))
"""Chosen: what the page's slider spans, in smaller steps where a step does more."""

TOP_PS = tuple(i / 20 for i in range(1, 21))


def answer_map(question: MapQuestion, model: OfferedModel) -> dict[str, Any]:
    """Answer how many tokens are kept in each cell, how probable the most probable one is, and the entropy in bits."""
    logits = model.read(question.prompt).logits
    refuse_stateful(question.settings)
    step = 1 if len(logits) <= FINE else 2
    temperatures, top_ps = TEMPERATURES[step - 1 :: step], TOP_PS[step - 1 :: step]
    kept, largest, entropies = [], [], []
    for temperature in temperatures:  # a line at a time, as all of them take hundreds of megabytes where V is large
        each: Row = probabilities(
            np.broadcast_to(logits, (len(top_ps), len(logits))),
            [with_changes(question.settings, {"temperature": temperature, "top_p": top_p}) for top_p in top_ps],
        )
        kept.append(np.count_nonzero(each, axis=1).tolist())
        largest.append(each.max(axis=1).tolist())
        entropies.append([entropy(p) for p in each])
    return {"temperatures": temperatures, "top_ps": top_ps, "kept": kept, "largest": largest, "entropy": entropies}
