"""The figures of the benchmark, one function each, and how they are measured. README.md says why so."""

import json
import os
import re
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import tempfile
import time

from processes import BenchError, Generator, Program, rss_mb

LOCAL = "local[2]"
CLUSTER = "local-cluster[2,1,512]"
DELAY_LINE = re.compile(r"Total delay: ([\d.]+) s for batch (\d+) time (\d+) ms \(execution: ([\d.]+) s\)")
CHECKSUM_MODULUS = 1 << 64


class Settings:
    """Where the programs are and how long to measure."""

    def __init__(self, build, source, quick):
        self.bench, self.bin, self.build, self.source = f"{build}/bench", f"{build}/bin", build, source
        self.rounds = 3 if quick else 6  # the first is dropped
        self.hold_seconds = 10 if quick else 60
        self.warm_up_seconds = 2 if quick else 10
        self.rate_tolerance = 0.2 if quick else 0.05
        self.tcp_lines = 5_000_000 if quick else 15_000_000
        self.memory_repeats = 5 if quick else 10
        self.batches = 50 if quick else 100
        self.stages = 20 if quick else 50


def row(name, value, unit, *, reference=None, ratio=None, gate=None, goal=None, ok=True, **more):
    return {"name": name, "value": value, "unit": unit, "reference": reference, "ratio": ratio, "gate": gate,
            "ok": ok, "goal": goal, **more}


def spread(values):
    return f"{min(values):.3g}-{max(values):.3g}"


# B1 -----------------------------------------------------------------------------------------------------------------

TCP_RATE = 1_500_000  # lines per second: some 40 % of the reference's core, and what ours holds with ease


def counted(program):
    """(words, checksum) of the batches the program has printed."""
    words = checksum = 0
    for line in program.lines("batch "):
        _, _, _, batch_words, batch_checksum = line.split()
        words += int(batch_words)
        checksum += int(batch_checksum)
    return words, checksum % CHECKSUM_MODULUS


def check_counts(program, sent):
    """Waits for the results of all that was sent, and compares them."""
    program.wait_until(lambda: counted(program)[0] >= sent["words"], 60, f"results of {sent['words']} words")
    if counted(program) != (sent["words"], sent["checksum"]):
        raise BenchError(f"{program.name} counted {counted(program)}, not {sent}")


def lines_per_cpu_second(settings, arguments):
    """Counts lines that come at TCP_RATE. CPU time from before the first byte until all words are in the results."""
    with Generator(settings.bench, settings.tcp_lines, TCP_RATE) as generator:
        with Program([a.replace("PORT", generator.port) for a in arguments]) as program:
            generator.wait_for_line("connected", 60)
            time.sleep(1)  # what start-up still does is not counted
            before = program.cpu_seconds()
            generator.go()
            sent = json.loads(generator.wait_for_report(settings.tcp_lines / TCP_RATE * 4 + 30))
            check_counts(program, sent)
            used = program.cpu_seconds() - before
    return sent["lines"] / used


def interleaved(settings, *measures):
    """Each measure in turn, `rounds` times, without the first of each."""
    results = [[measure() for measure in measures] for _ in range(settings.rounds)]
    return list(zip(*results[1:]))


def b1_tcp(settings):
    theirs, ours = interleaved(
        settings,
        lambda: lines_per_cpu_second(settings, [f"{settings.bench}/reference_word_count", "--tcp", "PORT"]),
        lambda: lines_per_cpu_second(
            settings, [f"{settings.bench}/b1_word_count", "--master", LOCAL, "127.0.0.1", "PORT"]))
    value, reference = statistics.median(ours), statistics.median(theirs)
    ratio = value / reference
    note = "the reference is below 0.35 GB per CPU s: busy machine?" if reference * 100 < 0.35e9 else ""
    yield row("b1_tcp", value / 1e6, "M lines/CPU s", reference=reference / 1e6, ratio=ratio, gate=0.5, goal=0.7,
              ok=ratio >= 0.5, spread=spread([o / t for o, t in zip(ours, theirs)]), note=note)


MEMORY_TEXTS = 64


def memory_run(arguments):
    with Program(arguments) as program:
        return json.loads(program.finish(600))


def b1_memory(settings):
    """Both in-memory figures: GB per CPU second on one core, and what a second core adds in CPU time."""
    sizes = [str(MEMORY_TEXTS), str(settings.memory_repeats)]

    def reference(threads):
        return memory_run([f"{settings.bench}/reference_word_count", "--memory", str(threads), *sizes])

    def ours(cores):
        return memory_run([f"{settings.bench}/b1_memory", "--master", f"local[{cores}]", *sizes])

    results = interleaved(settings, lambda: reference(1), lambda: ours(1), lambda: reference(2), lambda: ours(2))
    answers = {(r["bytes"], r["words"], r["checksum"]) for runs in results for r in runs}
    if len(answers) != 1:
        raise BenchError(f"the answers differ: {answers}")
    cpu = [[r["cpu_s"] for r in runs] for runs in results]
    reference_1, ours_1, reference_2, ours_2 = [statistics.median(c) for c in cpu]
    gigabytes = results[0][0]["bytes"] / 1e9
    ratio = reference_1 / ours_1
    yield row("b1_memory", gigabytes / ours_1, "GB/CPU s", reference=gigabytes / reference_1, ratio=ratio, gate=0.5,
              goal=0.7, ok=ratio >= 0.5, spread=spread([t / o for t, o in zip(cpu[0], cpu[1])]))
    two_cores, their_two_cores = ours_2 / ours_1, reference_2 / reference_1
    ratio = two_cores / their_two_cores
    yield row("b1_two_cores", two_cores, "CPU s on 2 cores / on 1", reference=their_two_cores, ratio=ratio, gate=1.15,
              goal=1.05, ok=ratio <= 1.15)


def delays(program):
    """(batch time, total delay, execution), in ms, of each batch the engine has logged."""
    found = []
    for _, line in list(program.err):
        if match := DELAY_LINE.search(line):
            total, _, batch_time, execution = match.groups()
            found.append((int(batch_time), float(total) * 1000, float(execution) * 1000))
    return found


def is_stable(batches, interval_ms):
    """performance.md's rule: processing keeps up, and total delay does not grow by an interval over the run."""
    if len(batches) < 5:
        return False
    times, totals, executions = zip(*batches)
    slope, _ = statistics.linear_regression(times, totals)
    return statistics.median(executions) < 0.9 * interval_ms and slope * (times[-1] - times[0]) < interval_ms


def holds_rate(settings, master, rate):
    seconds = settings.warm_up_seconds + settings.hold_seconds
    with Generator(settings.bench, rate * seconds, rate) as generator:
        with Program([f"{settings.bench}/b1_word_count", "--master", master, "127.0.0.1", generator.port]) as program:
            generator.go()
            begin = time.time() * 1000
            try:
                sent = json.loads(generator.wait_for_report(seconds * 1.2 + 5))
            except BenchError:  # the engine takes the lines more slowly than they are due
                return False
            first, last = begin + settings.warm_up_seconds * 1000, begin + seconds * 1000
            measured = [b for b in delays(program) if first <= b[0] <= last]
            if sent["latest_s"] >= 1 or not is_stable(measured, 1000):
                return False
            check_counts(program, sent)
            return True


def highest_rate(settings, master):
    """In lines per second: doubled until it does not hold, then bisected."""
    low, high = 0, 1_000_000
    while high < 16_000_000 and holds_rate(settings, master, high):
        low, high = high, high * 2
    while high - low > settings.rate_tolerance * high and high > 50_000:
        middle = (low + high) // 2
        if holds_rate(settings, master, middle):
            low = middle
        else:
            high = middle
    return low


def b1_rate_local(settings):
    yield row("b1_rate_local", highest_rate(settings, LOCAL) / 1e6, "M lines/s", goal=5)


def b1_rate_cluster(settings):
    yield row("b1_rate_cluster", highest_rate(settings, CLUSTER) / 1e6, "M lines/s", goal=3)


# B7 -----------------------------------------------------------------------------------------------------------------


def round_trips(settings):
    with Program([f"{settings.bench}/round_trips", str(settings.batches), "100"]) as program:
        return json.loads(program.finish(settings.batches + 60))


def check_batches(program):
    """Ends b7_batches and sees that it counted every batch, in order. It fails by itself at a wrong count."""
    program.process.send_signal(signal.SIGTERM)
    program.finish(60)
    batches = [int(line.split()[1]) for line in program.lines("batch ")]
    if batches != list(range(len(batches))):
        raise BenchError(f"{program.name} did not count each batch once, in order: {batches}")


def batch_times(settings, master, words, flags=()):
    """Median and 99th percentile of the processing time, in ms, of batches that come every 100 ms."""
    skipped = 10
    with Program([f"{settings.bench}/b7_batches", "--master", master, *flags, "--batch-interval", "100ms",
                  str(words)]) as p:
        wanted = settings.batches + skipped
        lines = p.wait_until(lambda: len(p.lines("batch ")) >= wanted and p.lines("batch "), wanted + 60, "batches")
        check_batches(p)
    times = sorted(int(line.split()[2]) / 1000 for line in lines[skipped:wanted])
    return statistics.median(times), times[min(len(times) - 1, len(times) * 99 // 100)]


def b7(settings):
    cases = [("b7_empty_local", LOCAL, 0), ("b7_tiny_local", LOCAL, 1000), ("b7_empty_cluster", CLUSTER, 0),
             ("b7_tiny_cluster", CLUSTER, 1000)]
    measures = [lambda m=master, w=words: batch_times(settings, m, w) for _, master, words in cases]
    trips, *results = interleaved(settings, lambda: round_trips(settings), *measures)
    for (name, master, _), measured in zip(cases, results):
        kind, times, floor_ms, goal = ("hand_off_us", 8, 0.5, 0.2) if master == LOCAL else ("grpc_us", 10, 2.5, 1.2)
        reference = statistics.median(t[kind]["median"] for t in trips) / 1000
        value = statistics.median(median for median, _ in measured)
        gate = max(times * reference, floor_ms)
        yield row(name, value, "ms", reference=reference, ratio=value / reference, gate=gate, goal=goal,
                  ok=value <= gate, p99=statistics.median(p99 for _, p99 in measured))


def holds_interval(settings, master, interval_ms):
    seconds = settings.warm_up_seconds + settings.hold_seconds
    with Program([f"{settings.bench}/b7_batches", "--master", master, "--batch-interval", f"{interval_ms}ms",
                  "1000"]) as program:
        program.wait_until(lambda: delays(program), 60, "'Total delay'")
        first = delays(program)[0][0] + settings.warm_up_seconds * 1000
        last = first + settings.hold_seconds * 1000
        time.sleep(seconds)
        measured = [b for b in delays(program) if first <= b[0] <= last]
    expected = settings.hold_seconds * 1000 / interval_ms
    return len(measured) > 0.9 * expected and is_stable(measured, interval_ms)


def smallest_interval(settings, name, master, gate, goal):
    """Down from the gate while it holds; up from the gate if it does not."""
    intervals = [100, 50, 20, 10, 5, 2, 1]
    at_gate = intervals.index(gate)
    value = None
    for interval in intervals[at_gate:]:
        if not holds_interval(settings, master, interval):
            break
        value = interval
    if value is None:
        value = next((i for i in reversed(intervals[:at_gate]) if holds_interval(settings, master, i)), None)
    yield row(name, value, "ms", gate=gate, goal=goal, ok=value is not None and value <= gate)


def b7_interval_local(settings):
    yield from smallest_interval(settings, "b7_interval_local", LOCAL, 5, 2)


def b7_interval_cluster(settings):
    yield from smallest_interval(settings, "b7_interval_cluster", CLUSTER, 20, 5)


# B11 and what a user meets first --------------------------------------------------------------------------------------


def b11(settings):
    def measure(master):
        with Program([f"{settings.bench}/b11_tasks", "--master", master, "512", str(settings.stages)]) as program:
            return json.loads(program.finish(settings.stages + 60))["cpu_us_per_task"]

    results = interleaved(settings, lambda: measure(LOCAL), lambda: measure(CLUSTER))
    for (name, gate, goal), values in zip([("b11_local", 20, 5), ("b11_cluster", 40, 10)], results):
        value = statistics.median(values)
        yield row(name, value, "us/task", gate=gate, goal=goal, ok=value <= gate, spread=spread(values))


class SilentSource:
    """Accepts connections and sends nothing."""

    def __enter__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        return str(self.socket.getsockname()[1])

    def __exit__(self, *_):
        self.socket.close()


def network_word_count(settings, master, port):
    return Program([f"{settings.bin}/network_word_count", "--master", master, "--batch-interval", "100ms", "127.0.0.1",
                    port])


def start(settings):
    times = []
    for _ in range(settings.rounds):
        with SilentSource() as port, network_word_count(settings, LOCAL, port) as program:
            program.wait_for_line("Time: ", 60)
            first = next(at for at, line in program.out if line.startswith("-----"))
            times.append((first - program.started_at) * 1000)
    value = statistics.median(times[1:])
    yield row("start", value, "ms", gate=400, goal=150, ok=value <= 400, spread=spread(times[1:]))


def rss(settings):
    sizes = {}
    for master in (LOCAL, CLUSTER):
        with SilentSource() as port, network_word_count(settings, master, port) as program:
            program.wait_until(lambda p=program: len(p.lines("Time: ")) >= 10, 60, "ten batches")
            pids = [program.process.pid] if master == LOCAL else program.children()
            sizes[master] = max((rss_mb(pid) for pid in pids), default=None)
    if sizes[CLUSTER] is None:
        raise BenchError(f"no executor process in {CLUSTER}")
    for name, master in (("rss_driver", LOCAL), ("rss_executor", CLUSTER)):
        yield row(name, sizes[master], "MB", gate=40, goal=25, ok=sizes[master] <= 40)


def compiler(settings):
    with open(f"{settings.build}/CMakeCache.txt", encoding="utf-8") as file:
        return re.search(r"^CMAKE_CXX_COMPILER:\w+=(.*)$", file.read(), re.MULTILINE).group(1)


def compile_program(settings):
    times = []
    with tempfile.TemporaryDirectory() as folder:
        command = [compiler(settings), "-std=c++20", "-O2", "-c", f"{settings.source}/examples/network_word_count.cc",
                   "-I", f"{settings.source}/client/include", "-I", f"{settings.source}/common/include",
                   "-o", os.path.join(folder, "network_word_count.o")]
        for _ in range(4):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run(command, check=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            times.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    value = statistics.median(times[1:])
    yield row("compile", value, "s", gate=4, goal=2.5, ok=value <= 4, spread=spread(times[1:]))


# The simulator: what the driver costs beyond the machines at hand ----------------------------------------------------

DRIVER_CODE = ["millstream::driver::JobScheduler::Handle*", "millstream::driver::BatchScheduler::Handle*",
               "millstream::simulation::VirtualDriver::ToBytes*", "millstream::simulation::VirtualDriver::FromBytes*"]


def simulate(settings, executors, seconds, *tool):
    """(standard output, standard error) of a simulation without faults."""
    done = subprocess.run([*tool, f"{settings.build}/tests/simulate", "--executors", str(executors), "--seconds",
                           str(seconds), "--no-faults"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchError(f"simulate: {done.stdout}{done.stderr}")
    return done.stdout, done.stderr


def driver_instructions_per_task(settings, executors, seconds):
    """What a longer simulation adds to a shorter one, so that starting up is not counted."""
    def measure(duration):
        out, err = simulate(settings, executors, duration, "valgrind", "--tool=callgrind",
                            "--callgrind-out-file=/dev/null", *[f"--toggle-collect={name}" for name in DRIVER_CODE])
        return int(re.search(r"Collected : (\d+)", err).group(1)), int(re.search(r"tasks (\d+)", out).group(1))

    (fewer, fewer_tasks), (more, more_tasks) = measure(seconds), measure(2 * seconds)
    return (more - fewer) / (more_tasks - fewer_tasks)


def sim_instructions(settings):
    if shutil.which("valgrind") is None:
        yield row("sim_instructions", None, "instructions/task", note="SKIPPED: valgrind is not installed")
        return
    reference = driver_instructions_per_task(settings, 10, 4)
    value = driver_instructions_per_task(settings, 1000, 4)
    yield row("sim_instructions", value, "instructions/task", reference=reference, ratio=value / reference, gate=1.3,
              ok=value <= 1.3 * reference)


def sim_batch_cpu(settings):
    values = []
    for _ in range(settings.rounds):
        out, _ = simulate(settings, 1000, 20)
        values.append(float(re.search(r"driver CPU ([\d.]+) ms", out).group(1)))
    yield row("sim_batch_cpu", statistics.median(values), "ms", goal=30, spread=spread(values))


# Each measurement and the names of the figures it yields, in the order of the table.
FIGURES = [
    (b1_tcp, ["b1_tcp"]),
    (b1_memory, ["b1_memory", "b1_two_cores"]),
    (b1_rate_local, ["b1_rate_local"]),
    (b1_rate_cluster, ["b1_rate_cluster"]),
    (b7, ["b7_empty_local", "b7_tiny_local", "b7_empty_cluster", "b7_tiny_cluster"]),
    (b7_interval_local, ["b7_interval_local"]),
    (b7_interval_cluster, ["b7_interval_cluster"]),
    (b11, ["b11_local", "b11_cluster"]),
    (start, ["start"]),
    (rss, ["rss_driver", "rss_executor"]),
    (compile_program, ["compile"]),
    (sim_instructions, ["sim_instructions"]),
    (sim_batch_cpu, ["sim_batch_cpu"]),
]
