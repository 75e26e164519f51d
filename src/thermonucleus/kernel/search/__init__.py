"""The search for the logit at which a sum over what lies above reaches a target."""
