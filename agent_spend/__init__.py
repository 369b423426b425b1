"""One honest view of what a company's AI agents cost."""
