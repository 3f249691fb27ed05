"""Whole runs on the real local host while everything that can break is broken.

    scenario   a seed gives jobs and faults: what, whom, when, for how long
    ground     one episode's system: services, the network between them, what is started there
    network    the proxies that all connections of app and workers go through
    processes  what runs there, found and signalled by pid and start time
    faults     the catalogue: how each fault is done and healed, and which ends it justifies
    storm      the faults of a scenario, each done and healed at its time
    jobs       what is run, and the documents that must come of it
    invariants what must hold of every run at its end, and of the ground once all is over
    playing    one episode from its seed to its result
    telling    results as lines, tables and stories

A seed fixes the schedule of jobs and faults. Processes and threads take their own time, so two
plays of one seed need not meet the same fault at the same instruction.
"""
