import math
from datetime import date, datetime

import pytest

from simulator.__main__ import main
from simulator.settings import Settings


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("days", 0),
        ("days", -3),
        ("days", 2.5),
        ("days", True),
        ("days", 100_000),
        ("customers", 0),
        ("customers", 10**9),
        ("seed", -1),
        ("seed", "seven"),
        ("dirt", -0.1),
        ("dirt", 1.01),
        ("dirt", math.nan),
        ("dirt", "much"),
        ("start", "2025-01-01"),
        ("start", datetime(2025, 1, 1)),
        ("start", date(1066, 1, 1)),
    ],
)
def test_a_bad_setting_is_refused_with_its_name_value_and_what_is_allowed(setting, value):
    with pytest.raises(ValueError) as error:
        Settings(**{setting: value})
    assert str(error.value).startswith(f"{setting} is {value!r}: must be ")


def test_the_command_refuses_bad_settings_with_exit_code_2(tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--out", str(tmp_path / "landing"), "--dirt", "3"])
    assert stop.value.code == 2
    assert "dirt is 3.0: must be a share from 0 to 1" in capsys.readouterr().err
    assert not (tmp_path / "landing").exists()


def test_the_command_simulates_and_prints_a_line_a_table(tmp_path, capsys):
    out = tmp_path / "landing"
    assert main(["--out", str(out), "--days", "2", "--customers", "30"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 16
    assert lines[0].startswith("shop.customers: 2 files, ")
