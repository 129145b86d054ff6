"""The catalogue of staging's rules is read as it is written, and rejected if it is incomplete or ambiguous."""

from pathlib import Path

import pytest

from pipelines.base.errors import ConfigError
from pipelines.quality import read_rules

PROJECT = Path(__file__).parents[2]
HEAD = "code,entity,column_name,severity,meaning,action\n"


def test_the_projects_rules_have_words_for_people() -> None:
    rules = read_rules(PROJECT / "dbt_project" / "seeds" / "quarantine_rules.csv")
    assert "ORD-001" in rules
    for code, rule in rules.items():
        assert code == rule.code
        assert rule.entity
        assert rule.meaning
        assert rule.action


def test_a_rule_reads_as_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "rules.csv"
    path.write_text(HEAD + 'ORD-001,orders,,error,"No key, no order.",Ask.\n')
    rule = read_rules(path)["ORD-001"]
    assert (rule.entity, rule.column_name, rule.severity) == ("orders", "", "error")
    assert (rule.meaning, rule.action) == ("No key, no order.", "Ask.")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("code,entity\n", "no column column_name, severity, meaning, action"),
        (HEAD + "A-1,o,,error,m,a\nA-1,o,,error,m,a\n", ":3: .*A-1"),
    ],
)
def test_a_broken_catalogue_is_refused(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "rules.csv").write_text(text)
    with pytest.raises(ConfigError, match=words):
        read_rules(tmp_path / "rules.csv")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_rules(tmp_path / "none.csv")
