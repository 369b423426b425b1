"""Axes end above the data, whatever its size."""

from hypothesis import given
from hypothesis import strategies as st

from agent_spend.publish.page.charts import _nice_top


@given(st.floats(min_value=1e-6, max_value=1e12))
def test_the_axis_ends_above_the_data_and_not_far_above(value):
    assert value < _nice_top(value) <= value * 2.6
