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
#include <ranges>
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
constexpr int kMostTries = 10;

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

OutputFiles::Stream::~Stream() {
  close(pipe);
  if (file >= 0) close(file);
}

OutputFiles::OutputFiles(std::chrono::milliseconds linger)
    : linger_(linger), wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), thread_([this] { Loop(); }) {}

OutputFiles::~OutputFiles() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  Wake();
  thread_.join();
  close(wake_);
}

absl::StatusOr<OutputFiles::Pipes> OutputFiles::Open(uint32_t child, const std::string& directory,
                                                     const proto::OutputLimits& limits) {
  Pipes pipes;
  std::list<std::shared_ptr<Stream>> opened;
  const auto open_one = [&](const char* name, int& write_end) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return false;
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    // A worker that is held up holds up only who writes more than that; less, if the system does not allow
    // it.
    fcntl(ends[0], F_SETPIPE_SZ, kPipeBytes);
    write_end = ends[1];
    Stream& stream =
        *opened.emplace_back(std::make_shared<Stream>(child, ends[0], directory + "/" + name, limits));
    stream.file = OpenToAppend(stream.path);
    return stream.file >= 0;
  };
  if (!open_one("stdout", pipes.output) || !open_one("stderr", pipes.errors)) {
    const std::string cause = std::strerror(errno);
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
  std::vector<std::shared_ptr<Stream>> streams;
  {
    std::lock_guard lock(mutex_);
    for (const std::shared_ptr<Stream>& stream : streams_) {
      if (stream->child == child) streams.push_back(stream);
    }
  }
  for (const std::shared_ptr<Stream>& stream : streams) Copy(*stream);
}

void OutputFiles::End(uint32_t child) {
  Drain(child);
  {
    std::lock_guard lock(mutex_);
    for (const std::shared_ptr<Stream>& stream : streams_) {
      if (stream->child == child) stream->until = Clock::now() + linger_;
    }
  }
  Wake();
}

void OutputFiles::Loop() {
  while (true) {
    std::vector<pollfd> polled{{wake_, POLLIN, 0}};
    std::vector<std::shared_ptr<Stream>> streams;
    std::optional<Clock::time_point> first;
    {
      std::lock_guard lock(mutex_);
      if (stopping_) return;
      std::erase_if(streams_, [now = Clock::now()](const std::shared_ptr<Stream>& stream) {
        return stream->until && *stream->until <= now;
      });
      streams.assign(streams_.begin(), streams_.end());
      for (const std::shared_ptr<Stream>& stream : streams) {
        polled.push_back({stream->pipe, POLLIN, 0});
        if (stream->until) first = std::min(first.value_or(*stream->until), *stream->until);
      }
    }
    int timeout_ms = -1;
    if (first) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(*first - Clock::now());
      timeout_ms = std::max(0, static_cast<int>(left.count()));
    }
    if (poll(polled.data(), polled.size(), timeout_ms) <= 0) continue;
    uint64_t count;
    [[maybe_unused]] const ssize_t bytes = read(wake_, &count, sizeof(count));
    for (size_t i = 0; i < streams.size(); ++i) {
      if (polled[i + 1].revents == 0 || Copy(*streams[i])) continue;
      std::lock_guard lock(mutex_);
      streams_.remove(streams[i]);
    }
  }
}

bool OutputFiles::Copy(Stream& stream) {
  std::lock_guard lock(stream.mutex);
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
  if (stream.file < 0) stream.file = OpenToAppend(stream.path);
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
  if (stream.file >= 0) close(std::exchange(stream.file, -1));
  std::error_code error;
  fs::rename(stream.path, RolledPath(stream.path, stream.start), error);
  stream.start += stream.bytes;
  stream.bytes = 0;
  std::map<uint64_t, uint64_t> rolled = RolledFiles(stream.path);
  for (; rolled.size() > stream.limits.files(); rolled.erase(rolled.begin())) {
    fs::remove(RolledPath(stream.path, rolled.begin()->first), error);
  }
}

void OutputFiles::Wake() {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(wake_, &one, sizeof(one));
}

absl::StatusOr<OutputPart> ReadOutput(const std::string& directory, const std::string& name, uint64_t offset,
                                      size_t most) {
  const std::string path = directory + "/" + name;
  for (int tries = 0; tries < kMostTries; ++tries) {
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
    if (!std::ranges::equal(std::views::keys(RolledFiles(path)), std::views::keys(rolled))) {
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
  return absl::UnavailableError(path + ": files come and go too fast");
}

}  // namespace millstream::deploy
