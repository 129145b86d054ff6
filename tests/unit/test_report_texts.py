"""The texts of the report: both languages have the same keys and placeholders, and every text that is used exists."""

import re
import string

import pytest

from pipelines.base.entities import ENTITIES
from pipelines.report.advice import _ADVICE
from pipelines.report.blocks import Block
from pipelines.report.pages import PAGES
from pipelines.report.texts import LANGUAGES, catalogue

BLOCKS = [block for page in PAGES for block in page.blocks]


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_have_the_same_keys() -> None:
    english, chinese = (catalogue(language) for language in LANGUAGES)
    assert english.keys() == chinese.keys()
    assert len(english) > 150


def test_both_languages_fill_the_same_figures_into_each_text() -> None:
    english, chinese = (catalogue(language) for language in LANGUAGES)
    # a warning's text is in English, so Chinese may say it without the count of pages
    assert {key: placeholders(text) for key, text in english.items()} == {
        key: placeholders(text) for key, text in chinese.items()
    }


def test_chinese_texts_are_chinese() -> None:
    latin = {key for key, text in catalogue("zh").items() if text and not re.search("[\u4e00-\u9fff]", text)}
    assert latin == set()


def test_every_entity_has_a_name_for_people() -> None:
    names = {key.removeprefix("codes.entity.") for key in catalogue("zh") if key.startswith("codes.entity.")}
    assert names == {*ENTITIES, "unreadable"}


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.key)
def test_every_block_has_its_texts(block: Block) -> None:
    texts = catalogue("en")
    assert texts[f"blocks.{block.key}.title"]
    assert texts[f"blocks.{block.key}.lead"]
    assert texts[f"needs.{block.needs}"]
    assert bool(block.finding) == (f"blocks.{block.key}.finding" in texts)


def test_no_text_is_left_over() -> None:
    keys = {key.split(".")[1] for key in catalogue("en") if key.startswith("blocks.")}
    assert keys == {block.key for block in BLOCKS}
    assert len(BLOCKS) == len(keys)
    advised = {key.split(".")[1] for key in catalogue("en") if key.startswith("advice.")} - {"title", "nothing"}
    assert advised == {item.key for item in _ADVICE}
