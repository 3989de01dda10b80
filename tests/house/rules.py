"""The rules of this code base, as data. check_rules.py enforces them; docs/ARCHITECTURE.md explains them."""

# Folder -> the folders its files may include. Arrows never turn round.
INCLUDES = {
    "proto": {"proto"},
    "common": {"proto", "common"},
    "client": {"proto", "common", "client"},
    "driver": {"proto", "common", "driver"},
    "executor": {"proto", "common", "executor"},
    "deploy": {"proto", "common", "deploy"},
    "tests": {"proto", "common", "client", "driver", "executor", "deploy", "tests"},
    "examples": {"client", "common", "examples"},
    "bench": {"client", "common", "bench", "proto"},
}

# A user's own project, not a part of ours.
EXEMPT = "tests/package/consumer/"

# The one file that joins driver and executor into one program with two roles.
JOINS_ROLES = "client/context/engine.cc"

# (folder, what it may not include): jobs know no stream and no time, batches know no stage and no task.
STRANGERS = [
    ("driver/jobs/", "driver/batches/"),
    ("driver/batches/", "driver/jobs/"),
    ("examples/", "common/(?!include/)"),
]

# Third party -> (its headers, the path prefixes that may include them). Tests and benchmarks may include any of them.
DOORS = {
    "gRPC": (r"(grpc|grpcpp)/.*|.*\.grpc\.pb\.h", ["common/rpc/"]),
    "glog": (r"glog/.*", ["common/base/logging"]),
    "CLI11": (r"CLI/.*|CLI11.*", ["common/cli/"]),
    "xxHash": (r"xxhash\.h|xxh3\.h", ["common/exec/", "common/plan/"]),
    "LZ4": (r"lz4.*", ["common/"]),
    "OpenSSL": (r"openssl/.*", ["common/security/"]),
    "RocksDB": (r"rocksdb/.*", ["common/store/"]),
    "librdkafka": (r"librdkafka/.*", ["client/sources/kafka", "client/sinks/kafka"]),
    "cpp-httplib": (r"httplib\.h", ["driver/web/"]),
    "GoogleTest": (r"(gtest|gmock)/.*", ["client/testing/"]),
    # Its mutex confuses ThreadSanitizer, and its log fights with glog's.
    "absl/synchronization and absl/log": (r"absl/(synchronization|log)/.*", []),
}

# What a program is written against, and the only headers it may reach besides the standard library's and its own kind.
PUBLIC = ["client/include/", "common/include/"]
PUBLIC_MAY_INCLUDE = r"absl/status/status(or)?\.h|millstream/.*"

# The state machines of the driver and the master: events in, commands out. No I/O, no waiting, no clock but the Clock they are given.
PURE = ["driver/jobs/", "driver/batches/", "deploy/master/"]
PURE_MAY_NOT_INCLUDE = r"thread|mutex|shared_mutex|condition_variable|future|fstream|iostream|unistd\.h|sys/.*|poll\.h"
PURE_MAY_NOT_SAY = r"(system|steady|high_resolution)_clock::now|sleep_(for|until)"

# Words that say nothing, as a part of a file's or a type's name.
BANNED_WORDS = {"manager", "helper", "helpers", "util", "utils", "common", "impl"}

# Never in a source.
BANNED_TEXT = {
    r"\b(TODO|FIXME|XXX)\b": "do it, or file it",
    r"#pragma once": "use an include guard",
    r"\busing namespace (?!std::\w*literals|millstream\b)": "name what is used",
    r"absl::Mutex": "use std::mutex",
    r"-march=|-mtune=": "dispatch at run time",
}

# A file longer than this is two files. Those that already are may only shrink.
MAX_LINES = 400
LONGER_FILES = {}
