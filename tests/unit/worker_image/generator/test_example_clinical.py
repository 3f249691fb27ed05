"""The patients: what happens in a stay, and what is plausible."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from itertools import pairwise
from statistics import mean, median

from support.examples import AS_OF, Row, all_rows, at, by_key, full_years, grouped, share, units_of


def stays() -> Iterable[tuple[Row, Row]]:
    """Each encounter with its patient."""
    for rows in units_of("clinical"):
        patients = by_key(rows["patient"])
        for encounter in rows["encounter"]:
            yield encounter, patients[encounter["patient_id"]]


def end_of(encounter: Row) -> datetime:
    return at(encounter["discharged"]) if encounter["discharged"] else AS_OF


def test_age_is_that_at_admission() -> None:
    for encounter, patient in stays():
        born = date.fromisoformat(patient["birth_date"])
        assert encounter["age"] == full_years(born, at(encounter["admitted"]).date())
        assert 18 <= encounter["age"] <= 94


def test_stays_end_after_they_begin_and_do_not_overlap() -> None:
    for encounters in grouped((encounter for encounter, _ in stays()), "patient_id").values():
        times = [(at(one["admitted"]), end_of(one)) for one in encounters]
        assert all(begin < end <= AS_OF for begin, end in times)
        assert all(end < begin for (_, end), (begin, _) in pairwise(times))


def test_stays_are_short_and_some_long_and_some_open() -> None:
    hours: dict[str, list[float]] = defaultdict(list)
    for encounter, patient in stays():
        assert at(encounter["admitted"]) >= at(patient["registered"])
        if encounter["discharged"]:
            length = end_of(encounter) - at(encounter["admitted"])
            hours[encounter["kind"]].append(length / timedelta(hours=1))
    assert 3 < median(hours["emergency"]) < 5
    assert max(hours["emergency"]) <= 20
    assert 3 * 24 < median(hours["inpatient"]) < 5 * 24
    assert 3 * median(hours["inpatient"]) < max(hours["inpatient"]) <= 45 * 24
    assert 0 < share(encounter["discharged"] is None for encounter, _ in stays()) < 0.03


def test_wards_are_those_of_the_practitioners() -> None:
    for rows in units_of("clinical"):
        practitioners, wards = by_key(rows["practitioner"]), by_key(rows["ward"])
        for encounter in rows["encounter"]:
            assert encounter["ward_id"] == practitioners[encounter["practitioner_id"]]["ward_id"]
            emergency = wards[encounter["ward_id"]]["name"] == "Emergency"
            assert encounter["kind"] == ("emergency" if emergency else "inpatient")
    seen = Counter(encounter["practitioner_id"] for encounter, _ in stays()).most_common()
    assert seen[0][1] > 5 * seen[len(seen) // 2][1]


def test_pregnancy_is_asked_of_some_alone() -> None:
    asked = []
    for encounter, patient in stays():
        possible = patient["sex"] == "female" and encounter["age"] < 50
        assert (encounter["pregnant"] is not None) == possible
        if possible:
            asked.append(encounter["pregnant"])
    assert 0.02 < share(asked) < 0.14


def test_events_are_within_the_stay() -> None:
    for rows in units_of("clinical"):
        encounters = by_key(rows["encounter"])
        events = [("vital_signs", "taken"), ("lab_result", "drawn"), ("medication", "started")]
        for record, moment in events:
            for row in rows[record]:
                encounter = encounters[row["encounter_id"]]
                assert at(encounter["admitted"]) <= at(row[moment]) <= end_of(encounter)
        for row in rows["medication"]:
            encounter = encounters[row["encounter_id"]]
            assert (row["stopped"] is None) == (encounter["discharged"] is None)
            if row["stopped"]:
                assert at(row["started"]) <= at(row["stopped"]) <= end_of(encounter)


def test_pressure_is_plausible_and_rises_with_age() -> None:
    young: list[int] = []
    old: list[int] = []
    for rows in units_of("clinical"):
        encounters = by_key(rows["encounter"])
        for signs in rows["vital_signs"]:
            assert 75 <= signs["systolic"] <= 220
            assert 15 <= signs["systolic"] - signs["diastolic"] <= 110
            age = encounters[signs["encounter_id"]]["age"]
            if age < 40 or age > 70:
                (young if age < 40 else old).append(signs["systolic"])
    assert 110 < mean(young) < 124
    assert 14 < mean(old) - mean(young) < 26


def test_results_are_judged_by_the_range_for_the_sex() -> None:
    flags = Counter[str]()
    for rows in units_of("clinical"):
        encounters, patients = by_key(rows["encounter"]), by_key(rows["patient"])
        tests = by_key(rows["test"])
        for result in rows["lab_result"]:
            test = tests[result["test_id"]]
            patient = patients[encounters[result["encounter_id"]]["patient_id"]]
            shift = test["women"] if patient["sex"] == "female" else 0
            assert (result["low"], result["high"]) == (test["low"] + shift, test["high"] + shift)
            low, high = result["value"] < result["low"], result["value"] > result["high"]
            assert result["flag"] == ("L" if low else "H" if high else "N")
            assert result["value"] > 0
            assert result["value"] % test["precision"] == 0
            flags[result["flag"]] += 1
    assert 0.87 < flags["N"] / flags.total() < 0.96
    assert min(flags["L"], flags["H"]) > 0.01 * flags.total()


def test_patients_are_nested_and_nobody() -> None:
    for patient in all_rows("clinical", "patient"):
        assert list(patient["address"]) == ["line", "city", "postal_code"]
        assert 1 <= len(patient["telecom"]) <= 2
        for contact in patient["telecom"]:  # numbers for fiction
            assert re.fullmatch(r"\([1-9]\d\d\) 555-01\d\d", contact["phone"])
