"""The sensors: time series, outliers, alerts."""

from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise
from statistics import mean, median

import pytest
from support.examples import AS_OF, Row, all_rows, at, by_key, grouped, share, units_of

SPREAD = {"temperature": 0.25, "humidity": 1.2, "co2": 22.0}


def series() -> Iterable[tuple[Row, list[Row]]]:
    """Each sensor with its readings."""
    for rows in units_of("iot"):
        readings = grouped(rows["reading"], "sensor_id")
        for sensor in rows["sensor"]:
            yield sensor, readings[sensor["id"]]


def test_devices_have_one_sensor_of_each_quantity() -> None:
    for sensors in grouped(all_rows("iot", "sensor"), "device_id").values():
        channels = [(sensor["channel"], sensor["quantity"]) for sensor in sensors]
        assert channels == [(1, "temperature"), (2, "humidity"), (3, "co2")]


def test_readings_come_every_hour_with_gaps() -> None:
    steps: list[float] = []
    for _, readings in series():
        times = [at(reading["at"]) for reading in readings]
        assert times[-1] < AS_OF
        steps += [(later - earlier).total_seconds() for earlier, later in pairwise(times)]
    assert min(steps) >= 3600 - 40
    assert max(steps) <= 4 * 3600 + 40
    assert 0.005 < share(step > 3600 + 40 for step in steps) < 0.016
    assert max(steps) > 2.5 * 3600


def test_values_follow_the_day() -> None:
    hours: dict[str, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for sensor, readings in series():
        for reading in readings:
            if reading["value"] is not None:
                hours[sensor["quantity"]][at(reading["at"]).hour].append(float(reading["value"]))
    for quantity, swing in (("temperature", 1.8), ("humidity", -5), ("co2", 190)):
        by_hour = hours[quantity]
        swung = median(by_hour[15]) - median(by_hour[3])
        assert swung == pytest.approx(2 * swing, rel=0.3), quantity


def test_outliers_are_rare() -> None:
    outliers = []
    for sensor, readings in series():
        values = [float(row["value"]) for row in readings if row["value"] is not None]
        for place, value in enumerate(values):
            usual = median(values[max(0, place - 3) : place + 4])
            outliers.append(abs(value - usual) > 14 * SPREAD[sensor["quantity"]])
    assert share(outliers) == pytest.approx(0.006, abs=0.0025)


def test_values_are_as_fine_as_the_sensor() -> None:
    for sensor, readings in series():
        values = [reading["value"] for reading in readings if reading["value"] is not None]
        assert not any(value % sensor["precision"] for value in values)
        assert all(value > 0 for value in values)


def test_drifts_slowly() -> None:
    drifts = []
    for sensor, readings in series():
        values = [float(row["value"]) for row in readings if row["value"] is not None]
        drifts.append((mean(values[-48:]) - mean(values[:48])) / SPREAD[sensor["quantity"]])
    assert 0.3 < mean(drifts) < 2
    assert 0.3 < mean(abs(drift - mean(drifts)) for drift in drifts) < 3


def test_alerts_are_for_the_values_out_of_range() -> None:
    for rows in units_of("iot"):
        sensors, readings = by_key(rows["sensor"]), by_key(rows["reading"])
        outside = []
        for reading in rows["reading"]:
            sensor, value = sensors[reading["sensor_id"]], reading["value"]
            low, high = (
                value is not None and value < sensor["low"],
                value and value > sensor["high"],
            )
            status = None if value is None else "low" if low else "high" if high else "ok"
            assert reading["status"] == status
            if low or high:
                outside.append(reading["id"])
        assert [alert["reading_id"] for alert in rows["alert"]] == outside
        assert 5 < len(outside) < 0.04 * len(rows["reading"])
        for alert in rows["alert"]:
            reading = readings[alert["reading_id"]]
            sensor = sensors[reading["sensor_id"]]
            assert 1 <= (at(alert["raised"]) - at(reading["at"])).total_seconds() <= 45
            assert (alert["acknowledged"] or "9") > alert["raised"]
            assert alert["message"] == (
                f"{sensor['quantity']} is {reading['status']}: {reading['value']}"
                f" {sensor['measured_in']}"
            )


def test_batteries_only_fall() -> None:
    for beats in grouped(all_rows("iot", "heartbeat"), "device_id").values():
        times = [at(beat["at"]) for beat in beats]
        charges = [beat["battery"] for beat in beats]
        assert times == sorted(times)
        assert charges == sorted(charges, reverse=True)
        assert 100 >= charges[0] > charges[-1] > 0
