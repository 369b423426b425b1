"""The lake: Delta tables, the rows on their way into them, and answers as received."""

from agent_spend.lake.memory import be_frugal

be_frugal()
