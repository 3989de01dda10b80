#!/usr/bin/env python3
"""Breaks every rule once and expects to be caught, so that no rule passes because it checks nothing."""

import pathlib
import tempfile
import unittest

import check_rules
import rules


def header(path, *lines):
    name = path.split("include/millstream/")[-1]
    guard = "MILLSTREAM_" + name.replace("/", "_").replace(".", "_").upper() + "_"
    return "\n".join([f"#ifndef {guard}", f"#define {guard}", *lines, "#endif", ""])


class HouseRules(unittest.TestCase):
    def breaches(self, path, *lines):
        with tempfile.TemporaryDirectory() as root:
            file = pathlib.Path(root, path)
            file.parent.mkdir(parents=True)
            file.write_text(header(path, *lines) if path.endswith(".h") else "\n".join(lines), encoding="utf-8")
            _, found = check_rules.breaches(pathlib.Path(root).resolve())
            return [message for _, _, message in found if message != "nobody includes this header"]

    def assert_breach(self, path, line, text):
        found = self.breaches(path, line)
        self.assertEqual(len(found), 1, found)
        self.assertIn(text, found[0])

    def assert_fine(self, path, *lines):
        self.assertEqual(self.breaches(path, *lines), [])

    def test_arrows_never_turn_round(self):
        self.assert_breach("proto/a.h", '#include "common/base/ids.h"', "proto must not include common")
        self.assert_breach("common/base/a.cc", '#include "driver/driver.h"', "common must not include driver")
        self.assert_breach("common/base/a.cc", "#include <millstream/streaming.h>", "common must not include client")
        self.assert_breach("driver/a.cc", '#include "executor/executor.h"', "driver must not include executor")
        self.assert_breach("executor/a.cc", '#include "driver/driver.h"', "executor must not include driver")
        self.assert_breach("executor/a.cc", '#include "tests/support/x.h"', "executor must not include tests")
        self.assert_fine("executor/a.cc", '#include "common/base/ids.h"', "#include <millstream/exec/chunk.h>")

    def test_one_file_joins_the_roles(self):
        self.assert_fine(rules.JOINS_ROLES, '#include "driver/driver.h"', '#include "executor/executor.h"')
        self.assert_breach("client/context/other.cc", '#include "driver/driver.h"', "client must not include driver")

    def test_jobs_and_batches_do_not_know_each_other(self):
        self.assert_breach("driver/jobs/a.cc", '#include "driver/batches/b.h"', "driver/jobs/ must not include")
        self.assert_breach("driver/batches/a.cc", '#include "driver/jobs/b.h"', "driver/batches/ must not include")

    def test_examples_see_what_users_see(self):
        self.assert_breach("examples/a.cc", '#include "common/base/ids.h"', "examples/ must not include")
        self.assert_fine("examples/a.cc", "#include <millstream/streaming.h>")

    def test_each_third_party_has_one_door(self):
        headers = {"gRPC": "grpcpp/grpcpp.h", "glog": "glog/logging.h", "CLI11": "CLI/CLI.hpp", "xxHash": "xxhash.h",
                   "LZ4": "lz4.h", "OpenSSL": "openssl/x509.h", "RocksDB": "rocksdb/db.h",
                   "librdkafka": "librdkafka/rdkafkacpp.h", "cpp-httplib": "httplib.h", "GoogleTest": "gtest/gtest.h",
                   "absl/synchronization and absl/log": "absl/synchronization/mutex.h"}
        self.assertEqual(headers.keys(), rules.DOORS.keys())
        for party, file in headers.items():
            self.assert_breach("executor/tasks/a.cc", f"#include <{file}>", party)
            for door in rules.DOORS[party][1]:
                self.assert_fine(f"{door.rstrip('/')}/a.cc", f"#include <{file}>")
        self.assert_breach("driver/a.cc", '#include "proto/services.grpc.pb.h"', "gRPC")

    def test_public_headers_reach_the_standard_library_status_and_each_other(self):
        for folder in ("client/include/millstream/a.h", "common/include/millstream/exec/a.h"):
            self.assert_breach(folder, "#include <google/protobuf/message.h>", "a public header must not include")
            self.assert_breach(folder, '#include "common/base/ids.h"', "a public header must not include")
            self.assert_breach(folder, "#include <absl/strings/string_view.h>", "a public header must not include")
            self.assert_fine(folder, "#include <vector>", "#include <absl/status/statusor.h>",
                             "#include <millstream/exec/chunk.h>")

    def test_state_machines_are_pure(self):
        self.assert_breach("driver/jobs/a.cc", "#include <thread>", "never waits")
        self.assert_breach("driver/batches/a.cc", "auto t = std::chrono::system_clock::now();", "through its Clock")
        self.assert_fine("driver/loop.cc", "#include <thread>")

    def test_names_say_something(self):
        self.assert_breach("driver/block_manager.cc", "", "'manager'")
        self.assert_breach("driver/string_utils.h", "", "'utils'")
        self.assert_breach("driver/a.h", "class BlockHelper final {", "'helper'")
        self.assert_breach("driver/a.h", "struct DriverImpl {", "'impl'")
        self.assert_fine("driver/simple.cc", "class Simplifier {", "struct Implicit {")

    def test_unwanted_text_is_found(self):
        for line in ("// TODO: later", "#pragma once", "using namespace std;", "absl::Mutex mutex_;", "// -march=native"):
            self.assert_breach("driver/a.cc", line, ": ")
        self.assert_fine("driver/a.cc", "using namespace std::chrono_literals;")

    def test_include_guards_tell_the_path(self):
        with tempfile.TemporaryDirectory() as root:
            file = pathlib.Path(root, "driver/a.h")
            file.parent.mkdir()
            file.write_text("#ifndef A_H\n#define A_H\n#endif\n", encoding="utf-8")
            found = check_rules.breaches(pathlib.Path(root).resolve())[1]
            self.assertIn(("driver/a.h", 1, "the include guard must be MILLSTREAM_DRIVER_A_H_"), found)

    def test_files_stay_small_and_exceptions_only_shrink(self):
        self.assert_breach("driver/a.cc", "\n" * (rules.MAX_LINES + 1), "lines, at most")
        rules.LONGER_FILES["driver/a.cc"] = 500
        try:
            self.assert_fine("driver/a.cc", "\n" * 500)
            self.assert_breach("driver/a.cc", "\n" * 501, "at most 500")
            self.assert_breach("driver/a.cc", "\n" * 450, "lower its entry")
            self.assertIn("driver/a.cc", str(check_rules.breaches(pathlib.Path("/nowhere"))[1]))
        finally:
            del rules.LONGER_FILES["driver/a.cc"]

    def test_dead_headers_are_found(self):
        with tempfile.TemporaryDirectory() as root:
            file = pathlib.Path(root, "driver/a.h")
            file.parent.mkdir()
            file.write_text(header("driver/a.h"), encoding="utf-8")
            self.assertEqual(check_rules.breaches(pathlib.Path(root).resolve())[1],
                             [("driver/a.h", 1, "nobody includes this header")])


if __name__ == "__main__":
    unittest.main()
