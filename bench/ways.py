"""The ways to deploy, side by side: how many tables each serves, and what of the processor that takes.

The embedded server on SQLite, and two workers on PostgreSQL with one engine, and with two that share a Redis behind
nginx. Everything of each way is on the servers' core, so a way with more processes has no more of the machine.
"""

import asyncio
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench import rounds
from bench.machine import ROOT, SERVER, Process, cpu_of, on_core
from bench.releases import EMBEDDED, HERE
from bench.report import Row, figure, show
from bench.rooms import TableRoom
from bench.seeding import Seeds
from bench.workers import CONNECTIONS, WORKERS
from poker_app.realtime_settings import BILLED
from poker_app.rules.message_budget import SERVICES, Meeting, messages_of
from tests import postgres
from tests.debian_programs import program
from tests.deploy.box import around
from tests.engine_nodes import Nodes
from tests.external_engines import Soketi, free_port, started, wait_for

ROOMS, VOTERS = 20, 7
EMBEDDED_WAY, ONE, SEVERAL = "embedded", "one engine", "several engines"
MANAGED = "managed service"
PARTS = ("application", "database", "engine")
GUIDE = ROOT / "docs/deployment.md"
BEGIN, END = "<!-- ways -->\n", "<!-- /ways -->"
COSTS = {
    EMBEDDED_WAY: "a machine",
    ONE: "a machine, PostgreSQL",
    SEVERAL: "one machine or more, PostgreSQL, Redis",
}
Parts = dict[str, Callable[[], float]]


def measure_ways(quick: bool, *, write: bool = False) -> None:
    """Measures the ways to deploy. ``write``: puts the table into docs/deployment.md."""
    with ExitStack() as stack:
        with on_core(SERVER):
            server = stack.enter_context(postgres.restartable())
        sides = {
            EMBEDDED_WAY: stack.enter_context(_embedded()),
            ONE: stack.enter_context(_one_engine(server)),
            SEVERAL: stack.enter_context(_several_engines(server)),
        }
        asyncio.run(rounds.measure(list(sides.values()), quick, alone=False))
    for name, side in sides.items():
        where = f"{ROOMS} rooms of {VOTERS} + 1, {name}"
        show(Row(f"{where}: whole rounds", "votes/s", median(side.votes_a_second)))
        for part, cpu in side.cpu_of_parts.items():
            show(Row(f"{where}: CPU of the {part}", "s per 1,000 votes", median(cpu), less_is_better=True))
    table = as_table(sides)
    print(table)
    if write:
        guide = GUIDE.read_text()
        before, rest = guide.split(BEGIN)
        GUIDE.write_text(f"{before}{BEGIN}{table}\n{END}{rest.partition(END)[2]}")


def as_table(sides: dict[str, rounds.Side]) -> str:
    """Returns the table as Markdown. With a managed service the application and the database do what they do with one
    engine."""
    used = (f"CPU of the {part} for 1,000 votes" for part in PARTS)
    head = ["way", "tables of eight that vote at once, by a core", *used, "costs"]
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for name, side in sides.items():
        cpu = {part: median(figures) for part, figures in side.cpu_of_parts.items()}
        lines.append(_line(name, cpu, "in the application", COSTS[name]))
    cpu = {part: median(sides[ONE].cpu_of_parts[part]) for part in PARTS[:2]}
    lines.append(_line(MANAGED, cpu, "at the service", _plans()))
    return "\n".join(lines)


def _line(name: str, cpu: dict[str, float], elsewhere: str, costs: str) -> str:
    """Returns a row of the table, by processor time alone, which other programs on the machine change little.
    ``elsewhere``: the text for parts that the way does not have."""
    meeting = Meeting(VOTERS + 1)
    at_once = 1000 / sum(cpu.values()) * meeting.seconds / VOTERS
    parts = [f"{figure(cpu[part])} s" if part in cpu else elsewhere for part in PARTS]
    return f"| {' | '.join([name, f'{at_once:,.0f}', *parts, costs])} |"


def _plans() -> str:
    """Returns what each plan that bills by the day takes."""
    cost = messages_of(Meeting(VOTERS + 1), BILLED)
    takes = [
        f"{each.name}, {each.price}: {each.messages // cost:,} sessions a {each.per}"
        for each in SERVICES
        if each.messages
    ]
    return "a machine or functions, PostgreSQL; " + "; ".join(takes)


@contextmanager
def _embedded() -> Iterator[rounds.Side]:
    with HERE.seeded(engine=EMBEDDED) as (server, seeds):
        yield _side(server, seeds, {"application": server.cpu})


@contextmanager
def _one_engine(server: postgres.Server) -> Iterator[rounds.Side]:
    engine = Soketi(max_members=1_000)
    with ExitStack() as stack:
        with on_core(SERVER):
            stack.enter_context(started(engine))
        yield stack.enter_context(_workers(server, "one", engine.settings, engine.processes))


@contextmanager
def _several_engines(server: postgres.Server) -> Iterator[rounds.Side]:
    nodes, port = Nodes(max_members=1_000), free_port()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="bench-")))
        with on_core(SERVER):
            nodes.start()
            stack.callback(nodes.stop)
            command = [program("nginx", "nginx-light"), "-c", around(folder, nodes.balancer_conf(port))]
            nginx = stack.enter_context(subprocess.Popen([*command, "-g", "daemon off;"]))
            stack.callback(nginx.terminate)
            wait_for(port, nginx)
        settings = {**nodes.settings, "PUSHER_CLIENT_HOST": "127.0.0.1", "PUSHER_CLIENT_PORT": str(port)}
        yield stack.enter_context(_workers(server, "several", settings, [nginx.pid, *nodes.processes]))


@contextmanager
def _workers(
    server: postgres.Server, name: str, engine: dict[str, str], processes: Sequence[int]
) -> Iterator[rounds.Side]:
    with (
        postgres.of_its_own(server.folder, name, CONNECTIONS) as database,
        HERE.seeded(database, engine, WORKERS) as (serving, seeds),
    ):
        parts: Parts = {
            "application": serving.cpu,
            "database": lambda: cpu_of(server.process),
            "engine": lambda: cpu_of(*processes),
        }
        yield _side(serving, seeds, parts)


def _side(server: Process, seeds: Seeds, parts: Parts) -> rounds.Side:
    return rounds.Side(server, [TableRoom(server.port, each) for each in seeds.rooms(ROOMS, VOTERS)], parts=parts)
