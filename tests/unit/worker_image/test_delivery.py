from random import Random

from worker_image.delivery import LONGEST_DELAY, retry_delay


def test_the_delay_doubles_with_every_attempt_and_is_jittered() -> None:
    for attempt, longest in ((1, 5), (2, 10), (3, 20), (6, 160), (7, LONGEST_DELAY), (9_999, 300)):
        delays = [retry_delay(attempt, 5, Random(seed)) for seed in range(200)]
        assert longest / 2 <= min(delays) < longest * 0.55
        assert longest * 0.95 < max(delays) <= longest


def test_the_jitter_is_that_of_the_numbers_passed_in() -> None:
    assert retry_delay(2, 5, Random(1)) == retry_delay(2, 5, Random(1))
