"""The truncations, a file each, and the list that applies them."""
