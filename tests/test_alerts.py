"""The alerts stand on counts that exist, know how calls end, and lead to parts of the README that say what to do."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from core import metrics
from core.models import ROUTES

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load((ROOT / "data/alerts.yml").read_text())["groups"] for rule in group["rules"]
]
ENDS = (*metrics.OUTCOMES, "canceled", "ours")
# What has to wake somebody, whoever watches: by the count that says so.
MUST = (
    "studio_provider_calls_total",
    "studio_generations_total",
    "studio_provider_seconds",
    "studio_cost_dollars_total",
    "studio_unknown_outcomes_total",
    "studio_storage_errors_total",
    "studio_generations_queued",
    "studio_oldest_queued_seconds",
    "studio_spooled_answers",
    "studio_disk_free_bytes",
    "studio_workers",
    "studio_link_guesses_total",
    "studio_link_guesses_held_up_total",
    "studio_pictures_crashed_total",
)


def told() -> dict[str, tuple[str, ...]]:
    """Every name that can be asked for, with its labels."""
    found = {}
    for registry in (metrics.REGISTRY, metrics.SHARED):
        for collector in registry._collector_to_names:
            labels = tuple(collector._labelnames)
            for name in registry._collector_to_names[collector]:
                found[name] = (*labels, "le") if name.endswith("_bucket") else labels
    return found


def test_there_is_an_alert_for_all_that_matters() -> None:
    everything = " ".join(rule["expr"] for rule in RULES)

    assert [name for name in MUST if name not in everything] == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_asks_for_counts_that_exist_by_labels_that_they_have(rule: dict[str, Any]) -> None:
    names = told()
    asked = re.findall(r"\b(studio_\w+)(?:\{([^}]*)\})?", rule["expr"])

    assert asked or rule["alert"] == "StudioDown"
    for name, matchers in asked:
        assert name in names
        for label, value in re.findall(r'(\w+)\s*[=!]~?\s*"([^"]*)"', matchers):
            assert label in names[name]
            known = {"outcome": ENDS, "provider": tuple(ROUTES)}[label]
            assert set(value.split("|")) <= set(known)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_says_what_happened_and_leads_to_what_to_do(rule: dict[str, Any]) -> None:
    headings = {heading.lower().replace(" ", "-") for heading in re.findall(r"^#+ (.+)$", README, re.MULTILINE)}
    page, _, part = rule["annotations"]["runbook"].partition("#")

    assert page == "README.md" and part in headings
    assert rule["annotations"]["summary"].endswith(".")
    assert rule["labels"]["severity"] in ("warning", "critical")


def test_parentheses_and_quotes_of_every_question_are_closed() -> None:
    for rule in RULES:
        bare = re.sub(r'"[^"]*"', "", rule["expr"])
        assert '"' not in bare
        assert [bare.count(a) - bare.count(b) for a, b in ("()", "{}", "[]")] == [0, 0, 0]


def test_no_alert_is_there_twice() -> None:
    names = [rule["alert"] for rule in RULES]

    assert len(names) == len(set(names)) > 10
