"""The page: one self-contained HTML file per audience, with three layers for three readers."""

from agent_spend.publish.page.render import publish_page

__all__ = ["publish_page"]
