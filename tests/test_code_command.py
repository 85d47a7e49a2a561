"""The command code prints and writes what the function returns, and refuses what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

import convergence as cv
from convergence.cli import main
from tests.test_code import run_python


def test_the_command_prints_and_writes_what_the_function_returns(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["code", "heavy_ball", "--thing", "region", "--language", "c"]) == 0
    assert capsys.readouterr().out == cv.to_code(cv.stability("heavy_ball"), "c")
    both = ["code", "nesterov", "--thing", "step,floor", "--language", "javascript", "--name", "f"]
    assert main(both) == 0
    parts = ["nesterov", cv.noise_floor("nesterov")]
    assert "function f_floor(" in capsys.readouterr().out
    assert run_python(cv.to_code(parts, "python")) == (0, "50 of 50 values as expected\n")
    with pytest.raises(cv.BadName, match="each name once; got nesterov_floor"):
        cv.to_code([*parts, parts[1]], "c")
    assert main(["code", "nesterov", "--thing", "regio"]) == 2
    assert "did you mean 'region'" in capsys.readouterr().err
    file = tmp_path / "best.py"
    assert main(["code", "heavy_ball", "--thing", "optimum", "--momentum", "b", "--name", "best", "--out", str(file)]) == 0
    assert run_python(file.read_text(encoding="utf-8"))[0] == 0
    assert main(["code", "heavy_ball", "--name", "1x"]) == 2
    assert "as in heavy_ball_rate; got '1x'" in capsys.readouterr().err
    assert main(["code", "heavy_ball", "--momentum", "0.9"]) == 2
    assert "--thing optimum" in capsys.readouterr().err
