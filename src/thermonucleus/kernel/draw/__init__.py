"""What is done with a row once its kept tokens are known: the token, the probabilities."""
