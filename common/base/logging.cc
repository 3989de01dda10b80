#include "common/base/logging.h"

#include <glog/logging.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <mutex>
#include <string_view>
#include <system_error>
#include <utility>

#include "common/base/rotating_file.h"

namespace millstream::base {
namespace {

// glog sends one line at a time. The source line that glog names is always one of this file.
class LineSink : public google::LogSink {
 public:
  void send(google::LogSeverity severity, const char*, const char*, int, const google::LogMessageTime& time,
            const char* text, size_t bytes) final {
    char prefix[64];
    std::snprintf(prefix, sizeof(prefix), "%c%04d%02d%02d %02d:%02d:%02d.%06d %5d] ",
                  google::GetLogSeverityName(severity)[0], 1900 + time.year(), 1 + time.month(), time.day(),
                  time.hour(), time.min(), time.sec(), static_cast<int>(time.usec()), gettid());
    Write(prefix + std::string(text, bytes) + "\n");
  }

 private:
  virtual void Write(const std::string& line) = 0;
};

class StderrSink final : public LineSink {
  void Write(const std::string& line) override { std::fwrite(line.data(), 1, line.size(), stderr); }
};

class FileSink final : public LineSink {
 public:
  explicit FileSink(std::unique_ptr<RotatingFile> file) : file_(std::move(file)) {}

  const std::string& path() const { return file_->path(); }

 private:
  void Write(const std::string& line) override { file_->Append(line); }

  const std::unique_ptr<RotatingFile> file_;
};

std::atomic<LogLevel> least_logged{LogLevel::kInfo};
std::atomic<FileSink*> log_file{nullptr};    // null: stderr
std::atomic<LineSink*> log_stderr{nullptr};  // null: as the program has set up glog

void Log(LogLevel level, google::LogSeverity severity, const std::string& text) {
  if (level < least_logged.load(std::memory_order_relaxed)) return;
  LineSink* sink = log_file;
  if (sink == nullptr) sink = log_stderr;
  google::LogMessage(__FILE__, __LINE__, severity, sink, /*also_send_to_log=*/sink == nullptr).stream()
      << text;
}

constexpr std::string_view kLevelNotices[] = {
    "millstream: the log level is now debug\n", "millstream: the log level is now info\n",
    "millstream: the log level is now warning\n", "millstream: the log level is now error\n"};

// A signal handler: it may neither lock nor allocate.
void ChangeLevel(int signal) {
  const int saved_errno = errno;
  const int level = static_cast<int>(least_logged.load()) + (signal == SIGUSR1 ? -1 : 1);
  const int changed =
      std::clamp(level, static_cast<int>(LogLevel::kDebug), static_cast<int>(LogLevel::kError));
  least_logged = static_cast<LogLevel>(changed);
  const std::string_view notice = kLevelNotices[changed];
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, notice.data(), notice.size());
  errno = saved_errno;
}

}  // namespace

void InitLogging() {
  static std::once_flag once;
  std::call_once(once, [] {
    if (google::IsGoogleLoggingInitialized()) return;
    FLAGS_logtostderr = true;
    google::InitGoogleLogging("millstream");
    log_stderr = new StderrSink;  // until the process ends
  });
}

absl::Status LogToDirectory(const std::string& directory, const std::string& name) {
  static std::mutex mutex;
  std::lock_guard lock(mutex);
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(directory, error).lexically_normal();
  if (!error) std::filesystem::create_directories(absolute, error);
  if (error) {
    return absl::InvalidArgumentError(directory + ": cannot be made: " + error.message() +
                                      ". Name another directory");
  }
  const std::string path = absolute / (name + ".log");
  if (const FileSink* file = log_file) {
    if (file->path() == path) return absl::OkStatus();
    return absl::InvalidArgumentError(path + ": the log is in " + file->path() +
                                      " already. Name one directory for the whole program");
  }
  absl::StatusOr<std::unique_ptr<RotatingFile>> file = RotatingFile::Open(path, {});
  if (!file.ok()) return file.status();
  log_file = new FileSink(*std::move(file));  // until the process ends
  return absl::OkStatus();
}

void SetLogLevel(LogLevel least) { least_logged = least; }

void ChangeLogLevelOnSignals() {
  for (const int signal : {SIGUSR1, SIGUSR2}) {
    struct sigaction now {};
    if (sigaction(signal, nullptr, &now) != 0 || now.sa_handler != SIG_DFL) continue;
    struct sigaction change {};
    change.sa_handler = ChangeLevel;
    change.sa_flags = SA_RESTART;
    sigaction(signal, &change, nullptr);
  }
}

void LogDebug(const std::string& text) { Log(LogLevel::kDebug, google::GLOG_INFO, text); }
void LogInfo(const std::string& text) { Log(LogLevel::kInfo, google::GLOG_INFO, text); }
void LogWarning(const std::string& text) { Log(LogLevel::kWarning, google::GLOG_WARNING, text); }
void LogError(const std::string& text) { Log(LogLevel::kError, google::GLOG_ERROR, text); }

}  // namespace millstream::base
