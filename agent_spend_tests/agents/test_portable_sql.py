"""The models of agents run on Spark too: they translate, and use nothing that means something else there."""

import pytest
import sqlglot
from sqlglot import exp

from agent_spend.project import catalog

OF_AGENTS = ("int_agent__", "fct_task", "rpt_platform__", "int_usage__agents")
MODELS = [name for name in catalog().models if name.startswith(OF_AGENTS)]
#: Measured: another value or type on Spark, or nothing of the kind there.
ELSEWHERE = (exp.Qualify, exp.GenerateSeries, exp.RegexpReplace, exp.ArrayAgg, exp.DayOfWeek, exp.DayOfWeekIso, exp.Median,
             exp.PercentileCont, exp.Quantile, exp.Avg, exp.First, exp.Pivot)  # fmt: skip
WIDE = {exp.DataType.Type.INT128, exp.DataType.Type.UINT128, exp.DataType.Type.UBIGINT, exp.DataType.Type.UINT}


@pytest.mark.parametrize("name", MODELS)
def test_a_model_translates_to_spark(name):
    sqlglot.transpile(catalog().models[name].sql, read="duckdb", write="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)


@pytest.mark.parametrize("name", MODELS)
def test_a_model_uses_nothing_that_means_something_else_on_spark(name):
    tree = sqlglot.parse_one(catalog().models[name].sql, dialect="duckdb")
    assert [node.sql() for node in tree.find_all(*ELSEWHERE)] == []
    assert [node.sql() for node in tree.find_all(exp.DataType) if node.this in WIDE] == []
    assert [node.sql() for node in tree.find_all(exp.Anonymous)] == []
    bare = [node.sql() for node in tree.find_all(exp.TimestampTrunc, exp.DateTrunc) if not isinstance(node.parent, exp.Cast)]
    assert bare == []
