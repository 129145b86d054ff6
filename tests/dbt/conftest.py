"""Warehouses that tests share: what is built once is asked many questions."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.dbt.warehouse import Warehouse, open_warehouse


@pytest.fixture(scope="module")
def new_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Warehouse]]:
    """Opens a warehouse of the module's own, closed behind its last test."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(open_warehouse(tmp_path_factory.mktemp("warehouse")))
