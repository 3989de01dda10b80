#include "deploy/doctor/directory.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "common/cli/configuration_keys.h"

namespace millstream::deploy {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;
constexpr uint64_t kLeastFree = 100 * kMiB;
constexpr uint64_t kEnoughFree = 1024 * kMiB;

// How another directory is named.
constexpr std::string_view kWorkDir = "--work-dir";

// `path`, or the nearest directory above it that exists.
std::filesystem::path Existing(const std::string& path) {
  std::error_code error;
  std::filesystem::path at = std::filesystem::absolute(path, error).lexically_normal();
  while (!std::filesystem::exists(at, error) && at.has_relative_path()) at = at.parent_path();
  return at;
}

// The errno of writing a file there, or 0.
int Write(const std::filesystem::path& directory) {
  std::string file = directory / ".millstream-doctor-XXXXXX";
  const int fd = mkostemp(file.data(), O_CLOEXEC);
  if (fd < 0) return errno;
  const int error = write(fd, "x", 1) == 1 ? 0 : errno;
  close(fd);
  unlink(file.c_str());
  return error;
}

// Whether files can be made in `path`, once it is there; `own`: and by this user alone.
Finding CheckDirectory(const std::string& thing, const std::string& path, std::string_view name, bool own) {
  const std::string another = "Name another one with " + std::string(name);
  const std::filesystem::path existing = Existing(path);
  std::error_code ignored;
  const bool is_there = std::filesystem::exists(path, ignored);
  struct stat state {};
  if (stat(existing.c_str(), &state) != 0) return Fail(thing, std::strerror(errno), another);
  if (!S_ISDIR(state.st_mode)) {
    return Fail(thing, (is_there ? "" : existing.string() + " ") + std::string("is not a directory"),
                another);
  }
  if (own && is_there && state.st_uid != geteuid()) {
    return Fail(thing, "it belongs to another user", "Name one of this user's own");
  }
  if (own && is_there && (state.st_mode & 022) != 0) {
    return Fail(thing, "other users can write to it", "Name one of this user's own, with mode 700");
  }
  if (const int error = Write(existing); error != 0) {
    return Fail(thing, "this user cannot write to " + existing.string() + ": " + std::strerror(error),
                another);
  }
  return Ok(thing, is_there ? "can be written to" : "can be made");
}

Finding CheckSpace(const std::string& thing, const FileSystem& file_system, std::string_view name) {
  const std::string found = std::to_string(file_system.free_bytes / kMiB) + " MiB are free";
  if (file_system.free_bytes >= kEnoughFree) return Ok(thing, found);
  const std::string fix = "Free " + std::to_string(kEnoughFree / kMiB) +
                          " MiB, or name another directory with " + std::string(name);
  return file_system.free_bytes < kLeastFree ? Fail(thing, found, fix) : Warn(thing, found, fix);
}

}  // namespace

Finding CheckWorkDirectory(const std::string& path) {
  return CheckDirectory("directory " + path, path, kWorkDir, /*own=*/true);
}

Finding CheckLocalDirectory(const std::string& path) {
  return CheckDirectory(std::string(cli::keys::kLocalDir) + " " + path, path, cli::keys::kLocalDir,
                        /*own=*/false);
}

FileSystem FileSystemOf(const std::string& path) {
  const std::filesystem::path existing = Existing(path);
  struct statvfs state {};
  struct stat file {};
  if (statvfs(existing.c_str(), &state) != 0 || stat(existing.c_str(), &file) != 0) return {};
  return {file.st_dev, static_cast<uint64_t>(state.f_bavail) * state.f_frsize,
          (state.f_flag & ST_NOEXEC) == 0};
}

std::vector<Finding> CheckFileSystems(const std::string& work_dir, const FileSystem& of_work,
                                      const std::string& local_dir, const FileSystem& of_local) {
  const bool is_one = of_work.device == of_local.device;
  const std::string thing = "file system of " + work_dir + (is_one ? " and " + local_dir : "");
  std::vector<Finding> findings;
  if (!of_work.runs_programs) {
    findings.push_back(Fail(thing, "is mounted noexec, and a worker runs programs from there",
                            "As root, mount it without noexec, or name another directory with --work-dir"));
  }
  const std::string names =
      std::string(kWorkDir) + (is_one ? " and " + std::string(cli::keys::kLocalDir) : "");
  findings.push_back(CheckSpace(thing, of_work, names));
  if (!is_one) findings.push_back(CheckSpace("file system of " + local_dir, of_local, cli::keys::kLocalDir));
  return findings;
}

}  // namespace millstream::deploy
