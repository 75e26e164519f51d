"""A row: its types, working memory, source and summary."""
