#include "client/context/program_blocks.h"

#include <cstdint>

namespace millstream::client {
namespace {

// Nobody can write to a file that is being run.
constexpr const char* kOwnExecutable = "/proc/self/exe";

}  // namespace

absl::StatusOr<std::unique_ptr<ProgramBlocks>> ProgramBlocks::Open(
    rpc::BlockSource& others, const std::map<std::string, std::string>& files) {
  absl::StatusOr<program::ProgramFiles> program = program::OpenProgramFiles(kOwnExecutable, files);
  if (!program.ok()) return program.status();
  return std::unique_ptr<ProgramBlocks>(new ProgramBlocks(others, *std::move(program)));
}

absl::StatusOr<exec::Slices> ProgramBlocks::Get(const plan::BlockId& id) {
  if (id.kind != plan::BlockId::Kind::kProgram) return others_.Get(id);
  if (id.a >= program_.contents.size()) return absl::NotFoundError(plan::ToString(id) + ": there is none");
  const program::ContentFile& file = program_.contents[id.a];
  exec::Slices slices;
  for (uint64_t at = 0; at < file.description().bytes(); at += exec::kSliceBytes) {
    absl::StatusOr<std::string> part = file.Read(at, exec::kSliceBytes);
    if (!part.ok()) return part.status();
    slices.push_back(exec::OwnBytes(*std::move(part)));
  }
  return slices;
}

absl::Status ProgramBlocks::Put(const plan::BlockId& id, exec::Slices slices) {
  return others_.Put(id, std::move(slices));
}

}  // namespace millstream::client
