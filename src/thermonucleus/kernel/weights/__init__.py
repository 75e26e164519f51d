"""Weights, the unnormalised probabilities: in float32, in float64, approximately, and summed by chunks; and the order of floats."""
