#include "deploy/worker/master_files.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

namespace millstream::deploy {
namespace {

constexpr std::chrono::seconds kTimeout{10};

}  // namespace

absl::Status MasterFiles::Fetch(const proto::ProgramFile& file,
                                const std::function<absl::Status(std::string_view)>& sink) {
  for (uint64_t offset = 0; offset < file.bytes();) {
    proto::ToMaster request;
    request.mutable_file_request()->set_sha256(file.sha256());
    request.mutable_file_request()->set_offset(offset);
    send_(request);
    std::string part;
    {
      std::unique_lock lock(mutex_);
      const bool answered = changed_.wait_for(lock, kTimeout, [&] {
        return data_ && data_->sha256() == file.sha256() && data_->offset() == offset;
      });
      if (!answered) return absl::UnavailableError(file.name() + ": the master does not send it");
      part = std::move(*data_->mutable_data());
      data_.reset();
    }
    if (part.empty()) return absl::NotFoundError(file.name() + ": the master has it no more");
    if (absl::Status taken = sink(part); !taken.ok()) return taken;
    offset += part.size();
  }
  return absl::OkStatus();
}

void MasterFiles::OnData(const proto::FileData& data) {
  std::lock_guard lock(mutex_);
  data_ = data;
  changed_.notify_all();
}

}  // namespace millstream::deploy
