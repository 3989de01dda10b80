"""The processes a benchmark starts: their lines, their CPU time, their memory, their end."""

import contextlib
import os
import re
import signal
import subprocess
import threading
import time

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class BenchError(Exception):
    """A figure that cannot be had: a program failed, or its answer is wrong."""


class Program:
    """A running program whose stdout and stderr are collected line by line."""

    def __init__(self, arguments, stdin=None):
        self.name = os.path.basename(arguments[0])
        self.out, self.err = [], []
        self.changed = threading.Condition()
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(
            arguments, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1)
        self.readers = [
            threading.Thread(target=self._read, args=pair, daemon=True)
            for pair in ((self.process.stdout, self.out), (self.process.stderr, self.err))
        ]
        for reader in self.readers:
            reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def _read(self, stream, lines):
        for line in stream:
            with self.changed:
                lines.append((time.monotonic(), line.rstrip("\n")))
                self.changed.notify_all()
        with self.changed:
            self.changed.notify_all()

    def wait_until(self, condition, seconds, what):
        """Waits until condition(), which may look at out and err, is true; its value is returned."""
        deadline = time.monotonic() + seconds
        with self.changed:
            while not (value := condition()):
                left = deadline - time.monotonic()
                if self.process.poll() is not None and not any(r.is_alive() for r in self.readers):
                    raise BenchError(f"{self.name} ended ({self.process.returncode}) without {what}: {self.last_error()}")
                if left <= 0:
                    raise BenchError(f"{self.name}: no {what} after {seconds:.0f} s: {self.last_error()}")
                self.changed.wait(min(left, 0.1))
            return value

    def lines(self, prefix):
        """The lines of stdout that start with `prefix`."""
        return [line for _, line in list(self.out) if line.startswith(prefix)]

    def wait_for_line(self, prefix, seconds):
        return self.wait_until(lambda: self.lines(prefix), seconds, f"'{prefix}'")[0]

    def last_error(self):
        return "; ".join(line for _, line in self.err[-3:]) or "nothing on stderr"

    def finish(self, seconds):
        """Waits for the end; the last line of stdout."""
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise BenchError(f"{self.name} did not end within {seconds:.0f} s") from None
        for reader in self.readers:
            reader.join()
        if code != 0 or not self.out:
            raise BenchError(f"{self.name} ended with {code}: {self.last_error()}")
        return self.out[-1][1]

    def kill(self):
        """Ends the program, gracefully if it wants to."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for reader in self.readers:
            reader.join(5)

    def children(self):
        pids = set()
        for task in os.listdir(f"/proc/{self.process.pid}/task"):
            # A thread may end before it is looked at.
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                with open(f"/proc/{self.process.pid}/task/{task}/children", encoding="ascii") as file:
                    pids.update(int(pid) for pid in file.read().split())
        return sorted(pids)

    def cpu_seconds(self):
        """Of the program and its direct children, since they started."""
        return sum(cpu_seconds(pid) for pid in [self.process.pid, *self.children()])


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def rss_mb(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return int(re.search(r"VmRSS:\s+(\d+) kB", file.read()).group(1)) / 1000


class Generator(Program):
    """bench/generator for one client; nothing is sent before go()."""

    def __init__(self, folder, lines, rate=0):
        super().__init__(
            [f"{folder}/generator", "--wait", "--linger", "--lines", str(lines), "--rate", str(rate)],
            stdin=subprocess.PIPE)
        self.port = self.wait_for_line("listening ", 60).rpartition(":")[2]

    def go(self):
        self.wait_for_line("connected", 60)
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def wait_for_report(self, seconds):
        return self.wait_for_line("{", seconds)
