#include "deploy/worker/program_cache.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "common/plan/block_id.h"
#include "common/rpc/grpc_blocks.h"
#include "common/security/credentials.h"
#include "common/security/sha256.h"
#include "deploy/worker/old_files.h"

namespace millstream::deploy {
namespace {

constexpr std::chrono::seconds kNetworkTimeout{10};
constexpr const char* kUnfinished = "unfinished";

std::string HexText(const std::string& bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes) {
    text += kDigits[static_cast<unsigned char>(byte) >> 4];
    text += kDigits[static_cast<unsigned char>(byte) & 15];
  }
  return text;
}

absl::Status WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return absl::InternalError(std::string("cannot be kept: ") + std::strerror(errno));
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ProgramCache> ProgramCache::Open(std::string directory) {
  if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    return absl::InvalidArgumentError(directory + ": cannot be made: " + std::strerror(errno));
  }
  unlink((directory + "/" + kUnfinished).c_str());
  return ProgramCache(std::move(directory));
}

absl::StatusOr<std::string> ProgramCache::Get(const proto::ProgramFile& program,
                                              const proto::Bootstrap& driver) {
  if (program.sha256().size() != security::Sha256::kBytes) {
    return absl::InvalidArgumentError("the program has no hash");
  }
  const std::string path = directory_ + "/" + HexText(program.sha256());
  std::error_code error;
  if (std::filesystem::file_size(path, error) == program.bytes() && !error) {
    std::filesystem::last_write_time(path, std::filesystem::file_time_type::clock::now(), error);
    return path;
  }
  if (absl::Status fetched = Fetch(program, driver, path); !fetched.ok()) return fetched;
  return path;
}

void ProgramCache::RemoveOld(std::filesystem::file_time_type before) {
  RemoveOldEntries(directory_, "", {}, before);
}

absl::Status ProgramCache::Fetch(const proto::ProgramFile& program, const proto::Bootstrap& driver,
                                 const std::string& path) {
  const std::optional<security::Credentials> own = security::FromProto(driver.credentials());
  if (!own) return absl::InvalidArgumentError("the application has no credentials");
  const std::string unfinished = directory_ + "/" + kUnfinished;
  const int fd = open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0700);
  if (fd < 0) return absl::InternalError(unfinished + ": cannot be made: " + std::strerror(errno));

  rpc::GrpcBlockTransport transport(*own, kNetworkTimeout);
  transport.SetPeer(kDriverPeer, driver.driver_blocks_address());
  security::Sha256 hash;
  uint64_t bytes = 0;
  absl::Status kept;
  const plan::BlockId id{.kind = plan::BlockId::Kind::kProgram};
  absl::Status fetched =
      transport.Fetch(kDriverPeer, {&id, 1}, [&](size_t, absl::StatusOr<exec::Bytes> slice, bool) {
        if (!slice.ok()) {
          kept = slice.status();
          return false;
        }
        bytes += slice->view.size();
        if (bytes > program.bytes()) return false;
        hash.Add(slice->view);
        kept = WriteAll(fd, slice->view);
        return kept.ok();
      });
  close(fd);
  if (!kept.ok()) return kept;
  if (bytes > program.bytes() || (fetched.ok() && hash.Finish() != program.sha256())) {
    return absl::DataLossError("the program that its driver sent is not the one it announced");
  }
  if (!fetched.ok()) return fetched;
  std::error_code error;
  std::filesystem::rename(unfinished, path, error);
  if (error) return absl::InternalError(path + ": cannot be made: " + error.message());
  return absl::OkStatus();
}

}  // namespace millstream::deploy
