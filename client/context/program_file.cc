#include "client/context/program_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "common/security/sha256.h"

namespace millstream::client {
namespace {

// Nobody can write to a file that is being run.
constexpr const char* kOwnExecutable = "/proc/self/exe";

}  // namespace

absl::StatusOr<std::unique_ptr<ProgramFile>> ProgramFile::Open(rpc::BlockSource& others) {
  const int fd = open(kOwnExecutable, O_RDONLY | O_CLOEXEC);
  struct stat status {};
  void* memory = MAP_FAILED;
  if (fd >= 0 && fstat(fd, &status) == 0) {
    memory = mmap(nullptr, static_cast<size_t>(status.st_size), PROT_READ, MAP_PRIVATE, fd, 0);
  }
  if (fd >= 0) close(fd);
  if (memory == MAP_FAILED) {
    return absl::InternalError(
        "the program's own file cannot be read. A cluster needs it: make it readable, or run it elsewhere");
  }
  const auto bytes = static_cast<size_t>(status.st_size);
  const std::shared_ptr<const void> owner(memory, [bytes](void* at) { munmap(at, bytes); });
  return std::unique_ptr<ProgramFile>(new ProgramFile(others, {owner, {static_cast<char*>(memory), bytes}}));
}

ProgramFile::ProgramFile(rpc::BlockSource& others, exec::Bytes file)
    : others_(others), file_(std::move(file)) {
  security::Sha256 hash;
  hash.Add(file_.view);
  description_.set_sha256(hash.Finish());
  description_.set_bytes(file_.view.size());
}

absl::StatusOr<exec::Slices> ProgramFile::Get(const plan::BlockId& id) {
  if (id.kind != plan::BlockId::Kind::kProgram) return others_.Get(id);
  exec::Slices slices;
  for (size_t at = 0; at < file_.view.size(); at += exec::kSliceBytes) {
    slices.push_back({file_.owner, file_.view.substr(at, exec::kSliceBytes)});
  }
  return slices;
}

absl::Status ProgramFile::Put(const plan::BlockId& id, exec::Slices slices) {
  return others_.Put(id, std::move(slices));
}

}  // namespace millstream::client
