"""Hugging Face transformers: `model.generate` that draws with the kernel, and text from a model's name."""

try:
    import torch  # noqa: F401
    import transformers  # noqa: F401
except ImportError as error:
    raise ImportError('transformers and torch are needed here: pip install "thermonucleus[transformers]"') from error

from thermonucleus.backends.transformers.attachment import Attachment, attach
from thermonucleus.backends.transformers.text import generate_text

__all__ = ["Attachment", "attach", "generate_text"]
