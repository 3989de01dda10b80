"""The figures of a cluster: a master and two workers on this machine. README.md says what they mean."""

import os
import signal
import statistics
import tempfile
import time

from figures import SilentSource, batch_times, check_batches, interleaved, row, spread
from processes import BenchError, Program, rss_mb


class Cluster:
    """A master and two workers of two cores each, with a secret file if they are secured."""

    def __init__(self, settings, secured):
        self.settings, self.folder = settings, tempfile.TemporaryDirectory()
        self.command, self.secret, self.daemons = f"{settings.bin}/millstream", [], []
        if secured:
            path = f"{self.folder.name}/secret"
            with Program([self.command, "secret", path]) as made:
                made.finish(60)
            self.secret = ["--secret-file", path]

    def __enter__(self):
        try:
            self.url = self._start("master", "--port", "0")
            for _ in range(2):
                self._start("worker", "--cores", "2", "--memory", "2g", last=[self.url])
        except BenchError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for daemon in reversed(self.daemons):
            daemon.kill()
        self.folder.cleanup()

    def _start(self, role, *flags, last=()):
        directory = f"{self.folder.name}/{len(self.daemons)}"
        daemon = Program([self.command, role, *flags, *self.secret, "--work-dir", directory, *last])
        self.daemons.append(daemon)
        return daemon.wait_for_line("ready ", 60).split()[1]

    @property
    def master(self):
        return self.daemons[0]

    @property
    def workers(self):
        return self.daemons[1:]

    def executors(self):
        return [pid for worker in self.workers for pid in worker.children()]

    def flags(self, cores):
        """Of a program on executors of one core each."""
        return [*self.secret, "--conf", "millstream.executor.cores=1", "--conf", f"millstream.cores.max={cores}",
                "--conf", "millstream.executor.memory=512m"]


def b7_cluster_tls(settings):
    with Cluster(settings, secured=False) as plain, Cluster(settings, secured=True) as secured:
        results = interleaved(
            settings, *[lambda c=c: batch_times(settings, c.url, 1000, c.flags(2))[0] for c in (plain, secured)])
    reference, value = [statistics.median(times) for times in results]
    ratio = value / reference
    yield row("b7_cluster_tls", value, "ms", reference=reference, ratio=ratio, gate=1.3, ok=ratio <= 1.3,
              spread=spread([tls / plain for plain, tls in zip(*results)]))


def submit_first_batch(settings):
    times = []
    with Cluster(settings, secured=False) as cluster:
        for _ in range(settings.rounds):
            command = [cluster.command, "submit", "--master", cluster.url, f"{settings.bin}/network_word_count",
                       "--batch-interval", "100ms", "127.0.0.1"]
            with SilentSource() as port, Program([*command, port]) as program:
                program.wait_for_line("-----", 60)
                first = next(at for at, line in program.out if line.startswith("-----"))
                times.append(first - program.started_at)
            wait_for_executors(cluster, 0)
    value = statistics.median(times[1:])
    yield row("submit_first_batch", value, "s", gate=1, goal=0.3, ok=value <= 1, spread=spread(times[1:]))


def wait_for_executors(cluster, count):
    deadline = time.monotonic() + 60
    while len(pids := cluster.executors()) != count:
        if time.monotonic() > deadline:
            raise BenchError(f"{len(pids)} executors, not {count}")
        time.sleep(0.002)
    return pids


def executor_replaced(settings):
    times = []
    with Cluster(settings, secured=False) as cluster:
        command = [f"{settings.bench}/b7_batches", "--master", cluster.url, *cluster.flags(1), "--batch-interval",
                   "20ms", "1000"]
        with Program(command) as program:
            for _ in range(settings.rounds):
                seen = len(program.lines("batch "))
                program.wait_until(lambda n=seen + 20: len(program.lines("batch ")) >= n, 60, "batches")
                [victim] = wait_for_executors(cluster, 1)
                killed = time.monotonic()
                os.kill(victim, signal.SIGKILL)
                while cluster.executors() == [victim]:
                    time.sleep(0.001)
                wait_for_executors(cluster, 1)
                # No batch runs without an executor.
                there = time.monotonic()
                program.wait_until(lambda t=there: program.out[-1][0] > t, 60, "batches after a loss")
                times.append(next(at for at, _ in program.out if at > there) - killed)
            check_batches(program)
    value = statistics.median(times[1:])
    yield row("executor_replaced", value, "s", gate=2, goal=0.5, ok=value <= 2, spread=spread(times[1:]))


def rss_daemons(settings):
    sizes = []
    for secured in (False, True):
        with Cluster(settings, secured) as cluster:
            time.sleep(2)  # a few heartbeats
            sizes.append((rss_mb(cluster.master.process.pid), max(rss_mb(w.process.pid) for w in cluster.workers)))
    for name, plain, secured in zip(("rss_master", "rss_worker"), *sizes):
        yield row(name, plain, "MB", gate=30, ok=plain <= 30, note=f"{secured:.1f} with a secret file")


CLUSTER_FIGURES = [
    (b7_cluster_tls, ["b7_cluster_tls"]),
    (submit_first_batch, ["submit_first_batch"]),
    (executor_replaced, ["executor_replaced"]),
    (rss_daemons, ["rss_master", "rss_worker"]),
]
