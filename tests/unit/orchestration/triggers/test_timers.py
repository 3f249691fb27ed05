"""The timers of the app."""

from typing import cast

import azure.durable_functions as df

from orchestration.rounds import PERIODS
from orchestration.services import Services
from orchestration.triggers import timers


def test_the_doctor_expects_every_timer_to_come_round() -> None:
    app = df.DFApp()
    app.register_functions(timers.blueprint(cast("Services", None)))
    assert {function.get_function_name() for function in app.get_functions()} == PERIODS.keys()
