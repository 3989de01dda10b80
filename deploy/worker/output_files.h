#ifndef MILLSTREAM_DEPLOY_WORKER_OUTPUT_FILES_H_
#define MILLSTREAM_DEPLOY_WORKER_OUTPUT_FILES_H_

#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/statusor.h"
#include "proto/cluster.pb.h"

namespace millstream::deploy {

// Writes what processes say into files of bounded size: DIRECTORY/stdout and DIRECTORY/stderr, and what was
// there before as DIRECTORY/stdout.N, N being the number of bytes that came before its first. Thread-safe.
class OutputFiles {
 public:
  // Where a process writes to; the descriptors are the caller's.
  struct Pipes {
    int output = -1;
    int errors = -1;
  };

  // What a process left behind when it ended, and still has its pipes, is heard for `linger` more.
  explicit OutputFiles(std::chrono::milliseconds linger = std::chrono::seconds(10));
  // What was not written yet is dropped.
  ~OutputFiles();

  absl::StatusOr<Pipes> Open(uint32_t child, const std::string& directory, const proto::OutputLimits& limits);
  // Returns when all that the child has said until now is in its files.
  void Drain(uint32_t child);
  // The child has ended: drains, and lets go of what is its in time.
  void End(uint32_t child);

 private:
  using Clock = std::chrono::steady_clock;
  struct Stream {
    Stream(uint32_t of_child, int from, std::string to, const proto::OutputLimits& within)
        : child(of_child), pipe(from), path(std::move(to)), limits(within) {}
    ~Stream();
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    const uint32_t child;
    const int pipe;
    const std::string path;  // of the file
    const proto::OutputLimits limits;
    std::optional<Clock::time_point> until = {};  // when it is let go; protected by OutputFiles::mutex_

    std::mutex mutex;    // protects what follows; held while a disk is waited for
    int file = -1;       // -1: it cannot be opened, which the next write tries again
    uint64_t start = 0;  // what came before the file
    uint64_t bytes = 0;  // in it
  };

  void Loop();
  // False at the end of the pipe.
  static bool Copy(Stream& stream);
  // The stream's mutex is held.
  static void Write(Stream& stream, std::string_view data);
  static void Roll(Stream& stream);
  void Wake();

  const std::chrono::milliseconds linger_;
  const int wake_;  // an eventfd

  std::mutex mutex_;  // protects what follows
  std::list<std::shared_ptr<Stream>> streams_;
  bool stopping_ = false;

  std::thread thread_;
};

// A part of what a process said, from byte `offset` on.
struct OutputPart {
  uint64_t offset = 0;  // of the first byte; more than was asked for if that is kept no more
  std::string data;     // empty: there is nothing from there on yet
};

// Of DIRECTORY/`name` and what was rolled away from it, also while that goes on; at most `most` bytes.
// NotFound: there is no such file; Unavailable: files come and go too fast. Links are not followed.
absl::StatusOr<OutputPart> ReadOutput(const std::string& directory, const std::string& name, uint64_t offset,
                                      size_t most);

}  // namespace millstream::deploy

#endif  // MILLSTREAM_DEPLOY_WORKER_OUTPUT_FILES_H_
