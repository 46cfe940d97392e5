"""The campaigns' short versions."""

import os

import pytest

from tests.campaigns import sudden_death, tampering


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork (not on Windows)")
def test_sudden_deaths_lose_nothing(tmp_path):
    totals = sudden_death.campaign(5, 7, tmp_path, lambda _line: None)
    assert totals.faults == []
    assert sum(totals.killed.values()) > 0


def test_every_alteration_is_found(tmp_path):
    totals = tampering.campaign(10, 7, tmp_path, lambda _line: None)
    assert totals.unnoticed == []
    assert sum(totals.tried.values()) == 10
