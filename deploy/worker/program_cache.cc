#include "deploy/worker/program_cache.h"

#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include "common/plan/block_id.h"
#include "common/rpc/grpc_blocks.h"
#include "common/security/credentials.h"
#include "deploy/worker/plain_name.h"

namespace millstream::deploy {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kNetworkTimeout{10};

absl::Status CannotBeMade(const std::string& path, const std::error_code& error) {
  return absl::InternalError(path + ": cannot be made: " + error.message());
}

absl::Status CheckName(const proto::ProgramFile& file) {
  if (IsPlainName(file.name())) return absl::OkStatus();
  return absl::InvalidArgumentError("\"" + file.name() +
                                    "\" cannot be a file's name in the process's directory. Rename the file");
}

}  // namespace

FetchFile FetchFromDriver(const proto::Bootstrap& driver, std::stop_token stop) {
  return [&driver, stop = std::move(stop)](
             const proto::ProgramFile&, size_t index,
             const std::function<absl::Status(std::string_view)>& sink) -> absl::Status {
    const std::optional<security::Credentials> own = security::FromProto(driver.credentials());
    if (!own) return absl::InvalidArgumentError("the application has no credentials");
    rpc::GrpcBlockTransport transport(*own, kNetworkTimeout);
    transport.SetPeer(kDriverPeer, driver.driver_blocks_address());
    const std::stop_callback cut_off(stop, [&transport] { transport.SetPeer(kDriverPeer, ""); });
    absl::Status taken;
    const plan::BlockId id{.kind = plan::BlockId::Kind::kProgram, .a = index};
    const absl::Status fetched =
        transport.Fetch(kDriverPeer, {&id, 1}, [&](size_t, absl::StatusOr<exec::Bytes> slice, bool) {
          taken = slice.ok() ? sink(slice->view) : slice.status();
          return taken.ok() && !stop.stop_requested();
        });
    if (stop.stop_requested()) return absl::CancelledError("it took too long to fetch");
    return taken.ok() ? fetched : taken;
  };
}

absl::StatusOr<std::string> ProgramCache::Get(const proto::ProgramFile& file, size_t index,
                                              const FetchFile& fetch) {
  {
    std::lock_guard lock(removing_);
    if (std::optional<std::string> path = store_.Find(file)) return *std::move(path);
  }
  const absl::StatusOr<std::unique_ptr<FileStore::Writer>> writer = store_.Add(file);
  if (!writer.ok()) return writer.status();
  const absl::Status fetched =
      fetch(file, index, [&writer](std::string_view data) { return (*writer)->Add(data); });
  if (!fetched.ok()) return fetched;
  return (*writer)->Finish();
}

absl::StatusOr<std::string> ProgramCache::Place(const proto::ProgramFiles& program, const FetchFile& fetch,
                                                const std::string& directory) {
  size_t index = 0;
  absl::StatusOr<std::string> executable = Get(program.executable(), index++, fetch);
  if (!executable.ok()) return executable;
  const std::string libraries = directory + "/" + kLibraries;
  if (program.libraries_size() > 0 && mkdir(libraries.c_str(), 0700) != 0) {
    return CannotBeMade(libraries, {errno, std::generic_category()});
  }
  for (const proto::ProgramFile& library : program.libraries()) {
    absl::StatusOr<std::string> kept = Get(library, index++, fetch);
    if (!kept.ok()) return kept;
    if (absl::Status named = CheckName(library); !named.ok()) return named;
    std::error_code error;
    fs::create_symlink(*kept, libraries + "/" + library.name(), error);
    if (error) return CannotBeMade(libraries + "/" + library.name(), error);
  }
  for (const proto::ProgramFile& file : program.files()) {
    absl::StatusOr<std::string> kept = Get(file, index++, fetch);
    if (!kept.ok()) return kept;
    if (absl::Status named = CheckName(file); !named.ok()) return named;
    // A copy, which the process may write to.
    const std::string path = directory + "/" + file.name();
    std::error_code error;
    fs::copy_file(*kept, path, error);
    if (!error) fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write, error);
    if (error) return CannotBeMade(path, error);
  }
  return executable;
}

void ProgramCache::RemoveOld(fs::file_time_type before) {
  std::lock_guard lock(removing_);
  store_.RemoveOld(before);
}

}  // namespace millstream::deploy
