#include "deploy/worker/output_files.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "common/cli/values.h"

namespace millstream::deploy {
namespace {

namespace fs = std::filesystem;

constexpr size_t kCopyBytes = size_t{64} << 10;
constexpr int kPipeBytes = 1 << 20;

int OpenToAppend(const std::string& path) {
  return open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
}

// The sizes of what was rolled away from `path`, by what came before it.
std::map<uint64_t, uint64_t> RolledFiles(const std::string& path) {
  std::map<uint64_t, uint64_t> rolled;
  const std::string prefix = fs::path(path).filename().string() + ".";
  std::error_code error;
  for (fs::directory_iterator at(fs::path(path).parent_path(), error), end; !error && at != end;
       at.increment(error)) {
    const std::string name = at->path().filename();
    if (!name.starts_with(prefix)) continue;
    const std::optional<int64_t> start = cli::ParseInteger(name.substr(prefix.size()));
    std::error_code gone;
    const uint64_t bytes = fs::file_size(at->path(), gone);
    if (start && *start >= 0 && !gone) rolled[static_cast<uint64_t>(*start)] = bytes;
  }
  return rolled;
}

std::string RolledPath(const std::string& path, uint64_t start) { return path + "." + std::to_string(start); }

}  // namespace

OutputFiles::OutputFiles() : wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), thread_([this] { Loop(); }) {}

OutputFiles::~OutputFiles() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  Wake();
  thread_.join();
  for (const Stream& stream : streams_) {
    close(stream.pipe);
    if (stream.file >= 0) close(stream.file);
  }
  close(wake_);
}

absl::StatusOr<OutputFiles::Pipes> OutputFiles::Open(uint32_t child, const std::string& directory,
                                                     const proto::OutputLimits& limits) {
  Pipes pipes;
  std::list<Stream> opened;
  const auto open_one = [&](const char* name, int& write_end) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return false;
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    // A worker that is held up holds up only who writes more than that; less, if the system does not allow
    // it.
    fcntl(ends[0], F_SETPIPE_SZ, kPipeBytes);
    write_end = ends[1];
    const std::string path = directory + "/" + name;
    opened.push_back({child, ends[0], OpenToAppend(path), path, limits, 0, 0});
    return opened.back().file >= 0;
  };
  if (!open_one("stdout", pipes.output) || !open_one("stderr", pipes.errors)) {
    const std::string cause = std::strerror(errno);
    for (const Stream& stream : opened) {
      close(stream.pipe);
      if (stream.file >= 0) close(stream.file);
    }
    for (const int fd : {pipes.output, pipes.errors}) {
      if (fd >= 0) close(fd);
    }
    return absl::InternalError(directory + ": its output files cannot be made: " + cause);
  }
  {
    std::lock_guard lock(mutex_);
    streams_.splice(streams_.end(), opened);
  }
  Wake();
  return pipes;
}

void OutputFiles::Drain(uint32_t child) {
  std::lock_guard lock(mutex_);
  for (Stream& stream : streams_) {
    if (stream.child == child) Copy(stream);
  }
}

void OutputFiles::Loop() {
  while (true) {
    std::vector<pollfd> polled{{wake_, POLLIN, 0}};
    {
      std::lock_guard lock(mutex_);
      if (stopping_) return;
      for (const Stream& stream : streams_) polled.push_back({stream.pipe, POLLIN, 0});
    }
    if (poll(polled.data(), polled.size(), -1) <= 0) continue;
    uint64_t count;
    [[maybe_unused]] const ssize_t bytes = read(wake_, &count, sizeof(count));
    std::lock_guard lock(mutex_);
    // Streams are added at the end, and removed here alone.
    auto stream = streams_.begin();
    for (size_t i = 1; i < polled.size(); ++i) {
      if (polled[i].revents == 0 || Copy(*stream)) {
        ++stream;
        continue;
      }
      close(stream->pipe);
      if (stream->file >= 0) close(stream->file);
      stream = streams_.erase(stream);
    }
  }
}

bool OutputFiles::Copy(Stream& stream) {
  char data[kCopyBytes];
  // All that a pipe can hold; a process that never stops writing must not hold up the others.
  for (size_t copied = 0; copied < kPipeBytes; copied += kCopyBytes) {
    const ssize_t got = read(stream.pipe, data, sizeof(data));
    if (got == 0) return false;
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    Write(stream, {data, static_cast<size_t>(got)});
  }
  return true;
}

void OutputFiles::Write(Stream& stream, std::string_view data) {
  if (stream.bytes > 0 && stream.bytes + data.size() > stream.limits.file_bytes()) Roll(stream);
  while (!data.empty() && stream.file >= 0) {
    const ssize_t written = write(stream.file, data.data(), data.size());
    if (written < 0 && errno == EINTR) continue;
    // The disk is full, and the process must not wait for room on it.
    if (written <= 0) return;
    stream.bytes += static_cast<uint64_t>(written);
    data.remove_prefix(static_cast<size_t>(written));
  }
}

void OutputFiles::Roll(Stream& stream) {
  close(stream.file);
  std::error_code error;
  fs::rename(stream.path, RolledPath(stream.path, stream.start), error);
  stream.start += stream.bytes;
  stream.bytes = 0;
  std::map<uint64_t, uint64_t> rolled = RolledFiles(stream.path);
  for (; rolled.size() > stream.limits.files(); rolled.erase(rolled.begin())) {
    fs::remove(RolledPath(stream.path, rolled.begin()->first), error);
  }
  stream.file = OpenToAppend(stream.path);
}

void OutputFiles::Wake() {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(wake_, &one, sizeof(one));
}

absl::StatusOr<OutputPart> ReadOutput(const std::string& directory, const std::string& name, uint64_t offset,
                                      size_t most) {
  const std::string path = directory + "/" + name;
  while (true) {
    const std::map<uint64_t, uint64_t> rolled = RolledFiles(path);
    uint64_t start = rolled.empty() ? 0 : rolled.rbegin()->first + rolled.rbegin()->second;
    std::string file = path;
    if (!rolled.empty()) offset = std::max(offset, rolled.begin()->first);
    for (const auto& [first, bytes] : rolled) {
      if (offset < first || offset - first >= bytes) continue;
      start = first;
      file = RolledPath(path, first);
    }
    const int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    // What was opened is what was meant, unless files were renamed meanwhile.
    if (RolledFiles(path) != rolled) {
      if (fd >= 0) close(fd);
      continue;
    }
    if (fd < 0) return absl::NotFoundError(file + ": " + std::strerror(errno));
    OutputPart part{offset, std::string(most, '\0')};
    const uint64_t within = offset - std::min(offset, start);
    const ssize_t got =
        within > INT64_MAX ? 0 : pread(fd, part.data.data(), most, static_cast<off_t>(within));
    close(fd);
    part.data.resize(static_cast<size_t>(std::max<ssize_t>(0, got)));
    return part;
  }
}

}  // namespace millstream::deploy
