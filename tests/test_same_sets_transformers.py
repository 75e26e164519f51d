"""The tokens that transformers keeps are those kept here, by its logits processors one by one and by its own chain of them.

What is not compared, and why:

- Rows with a token within `same_sets.MARGIN` of a boundary: its float32 decides there. So are equal logits on both sides of one,
  which its top-p and top-h cut through.
- Top-h in float32 where a token is nearly certain: a probability next to 1 has lost the digits that -p ln p is made of. Of the
  logits 30 and 0 the first has 3% of the entropy, and none of it in float32.

Its top-h looks at the 100 most probable tokens alone, so a top-k of 100 stands before ours.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from cases import Row as Logits
from same_sets import Comparison, Row, rows

from thermonucleus.reference import softmax

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from transformers import GenerationMixin, PreTrainedModel  # noqa: E402
from transformers.modeling_outputs import CausalLMOutput  # noqa: E402

ORDER = "transformers"

DRAWN: dict[str, Callable[[np.random.Generator], float]] = {
    "temperature": lambda rng: rng.uniform(0.5, 3),
    "top_k": lambda rng: int(rng.integers(1, 200)),
    "top_p": lambda rng: rng.uniform(0.05, 0.995),
    "min_p": lambda rng: rng.uniform(0.005, 0.6),
    "typical_p": lambda rng: rng.uniform(0.1, 0.97),
    "epsilon_cutoff": lambda rng: 10 ** rng.uniform(-4, -0.7),
    "eta_cutoff": lambda rng: 10 ** rng.uniform(-4, -0.7),
    "top_h": lambda rng: rng.uniform(0.05, 0.97),
}
"""A number for each of its settings, drawn from where it cuts something."""

PROCESSORS: dict[str, Callable[[float], Any]] = {
    "temperature": transformers.TemperatureLogitsWarper,
    "top_k": transformers.TopKLogitsWarper,
    "top_p": transformers.TopPLogitsWarper,
    "min_p": transformers.MinPLogitsWarper,
    "typical_p": transformers.TypicalLogitsWarper,
    "epsilon_cutoff": transformers.EpsilonLogitsWarper,
    "eta_cutoff": transformers.EtaLogitsWarper,
    "top_h": transformers.TopHLogitsWarper,
}


def nearly_certain(row: Logits, temperature: float = 1.0) -> bool:
    return bool(softmax(row.astype(np.float64) / temperature).max() > 0.999)


def drawn_from(scores: Any) -> Row:
    """Compute in float64 what its processors leave to draw from."""
    return softmax(scores[0].double().numpy())


@pytest.mark.parametrize(("dtype", "rtol"), [("float32", 2e-5), ("float64", 1e-10)])
@pytest.mark.parametrize("name", PROCESSORS)
def test_a_processor_keeps_what_the_stage_of_its_name_does(name: str, dtype: str, rtol: float) -> None:
    rng = np.random.default_rng(1)
    compare = Comparison(ORDER, rtol=rtol)
    for row in rows(2, 500):
        settings = {name: DRAWN[name](rng)}
        if (name, dtype) == ("top_h", "float32") and nearly_certain(row):
            continue
        scores = torch.from_numpy(row)[None].to(getattr(torch, dtype))
        compare(row, settings, drawn_from(PROCESSORS[name](settings[name])(None, scores)))
    compare.finish(cut=0.0 if name == "temperature" else 0.5)


# ---- its chain


class GivenLogits(PreTrainedModel, GenerationMixin):  # type: ignore[misc]
    """A model whose logits are those of a row, whatever came before."""

    config_class = transformers.PretrainedConfig
    main_input_name = "input_ids"

    def __init__(self) -> None:
        super().__init__(transformers.PretrainedConfig(is_encoder_decoder=False, num_hidden_layers=1))
        self.on_some_device = torch.nn.Parameter(torch.zeros(1))
        self.row = torch.zeros(2)

    def forward(self, input_ids: Any, **_: Any) -> Any:
        return CausalLMOutput(logits=self.row.expand(*input_ids.shape, -1))


@pytest.fixture(scope="module")
def model() -> GivenLogits:
    return GivenLogits()


def generated(model: GivenLogits, row: Logits, settings: dict[str, Any]) -> Row:
    """Have it draw one token under settings of `generate`, and return what it drew from."""
    model.row = torch.from_numpy(row)
    told = {"use_cache": False, "output_scores": True, "return_dict_in_generate": True}
    return drawn_from(model.generate(torch.tensor([[1]]), do_sample=True, max_new_tokens=1, **told, **settings).scores[0])


def some_of(row: Logits, rng: np.random.Generator) -> dict[str, Any]:
    """Draw some of the settings, so that now and then all of them are on."""
    part = rng.random()
    settings = {name: draw(rng) for name, draw in DRAWN.items() if rng.random() < part}
    if nearly_certain(row, settings.get("temperature", 1.0)):
        settings.pop("top_h", None)
    return {"top_k": 0} | settings


def test_generate_draws_from_what_is_drawn_from_here_in_its_order(model: GivenLogits) -> None:
    rng = np.random.default_rng(3)
    compare = Comparison(ORDER, rtol=2e-5)
    for row in rows(4, 1000):
        settings = some_of(row, rng)
        compare(row, settings, generated(model, row, settings))
    compare.finish(cut=0.6)


def test_generate_cuts_at_50_tokens_by_default(model: GivenLogits) -> None:
    compare = Comparison(ORDER, rtol=2e-5)
    for row in rows(5, 200):
        compare(row, {"top_k": 50}, generated(model, row, {}))
    compare.finish(cut=0.5)
