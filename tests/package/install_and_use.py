#!/usr/bin/env python3
"""Installs Millstream under a temporary prefix and builds, tests and runs the consumer project against it.

usage: install_and_use.py BUILD_DIR CONSUMER_DIR CXX
"""

import os
import pathlib
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time

WAIT_SECONDS = 60


def run(*command):
    result = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if result.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: exit {result.returncode}\n{result.stdout}")


def wait_for_text(process, text):
    """Reads the process's stdout until it contains text."""
    deadline = time.monotonic() + WAIT_SECONDS
    seen = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while text not in seen:
            if not selector.select(max(0, deadline - time.monotonic())):
                sys.exit(f"no {text!r} within {WAIT_SECONDS} s in {seen!r}")
            piece = os.read(process.stdout.fileno(), 65536)
            if not piece:
                sys.exit(f"the program ended with {process.wait()}; its output was {seen!r}")
            seen += piece


def count_words(program):
    """Serves two lines to the program, waits for their counts, and stops it gracefully."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(WAIT_SECONDS)
        port = server.getsockname()[1]
        command = [program, "--master", "local[2]", "--batch-interval", "100ms", "127.0.0.1", str(port)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            try:
                connection, _ = server.accept()
                with connection:
                    connection.sendall(b"the mill and the stream\n")
                    wait_for_text(process, b"(the,2)")
                    process.send_signal(signal.SIGTERM)
                    if code := process.wait(WAIT_SECONDS):
                        sys.exit(f"{program}: SIGTERM made it exit with {code}, not 0")
            finally:
                if process.poll() is None:
                    process.kill()


def main():
    build, consumer, compiler = sys.argv[1:]
    with tempfile.TemporaryDirectory() as work:
        prefix, consumer_build = pathlib.Path(work, "prefix"), pathlib.Path(work, "build")
        run("cmake", "--install", build, "--prefix", prefix)
        run("cmake", "-G", "Ninja", "-S", consumer, "-B", consumer_build, f"-DCMAKE_PREFIX_PATH={prefix}",
            f"-DCMAKE_CXX_COMPILER={compiler}", "-DCMAKE_BUILD_TYPE=Release")
        run("cmake", "--build", consumer_build)
        run("ctest", "--test-dir", consumer_build, "--output-on-failure")
        count_words(consumer_build / "word_count")


main()
