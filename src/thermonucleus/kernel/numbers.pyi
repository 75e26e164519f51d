from typing import final

import numpy as np

@final
class RandomNumbers:
    def __init__(self, generator: np.random.Generator) -> None: ...
    def __next__(self) -> float: ...
