from typing import final

from numpy import float32, float64
from numpy.random import Generator
from numpy.typing import NDArray

from thermonucleus.kernel.bridge import Kernel

@final
class FollowedRow:
    def __init__(self, plans: NDArray[float64], generator: Generator) -> None: ...
    def draw(
        self, kernel: Kernel, logits: NDArray[float32], mu: float, target: float, u: float | None, spare: KeptRow | None
    ) -> KeptRow: ...

@final
class KeptRow:
    token: int
    p: float
    def keep(self, logits: NDArray[float32], spare: KeptRow | None) -> None: ...
    def probability(self, token: int) -> float: ...
