"""The compiled part: rows of logits in, tokens and probabilities out."""
