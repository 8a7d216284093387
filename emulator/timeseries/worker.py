"""`python -m emulator.timeseries.worker IN OUT`: forecasts the series of one file into another."""

import json
import sys
from pathlib import Path
from typing import Any

from emulator.timeseries.engine import ENGINE, backtest, forecast


def answered(request: dict[str, Any]) -> dict[str, Any]:
    """The forecasts of every series in their order, and the metrics of a backtest."""
    options = {
        "last": request["last"],
        "horizon": request["horizon"],
        "types": request["types"],
        "seasons": request["seasons"],
    }
    tested = backtest(request["series"], **options)
    return {
        "engine": ENGINE,
        "forecasts": [forecast(values, **options) for values in request["series"]],
        "metrics": tested.metrics(request["types"]) if tested.actual else {},
        "backtested": len(tested.actual),
    }


def main() -> None:
    """Reads the request, writes the answer."""
    source, target = (Path(name) for name in sys.argv[1:3])
    target.write_text(json.dumps(answered(json.loads(source.read_text("utf-8")))), "utf-8")


if __name__ == "__main__":
    main()
