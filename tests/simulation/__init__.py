"""Whole runs in virtual time: the real orchestrator and policy against a simulated Azure.

    agenda         the clock, and what happens when
    queue          the work queue: leases, redeliveries, counts
    azure          container groups, regions, quotas, paces
    workers        what a container does with the queue
    pressing       what a target asks of a run that it pushes back
    ledger         receipts, dead letters, and what is missing
    scenario       a request and its faults, drawn from a seed
    world          the activities, on all of the above
    orchestrating  the orchestrator's generator, driven directly
    replaying      the same through the SDK
    invariants     what must hold at every step and at the end
    playing        a run from its seed to its end
    scripted       a run by hand: what goes wrong with it, and when

`python -m simulation --help` runs many, or one again with its story.
"""
