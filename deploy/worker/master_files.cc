#include "deploy/worker/master_files.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

namespace millstream::deploy {
namespace {

constexpr std::chrono::seconds kTimeout{10};

}  // namespace

absl::Status MasterFiles::Fetch(const proto::ProgramFile& file, const std::stop_token& stop,
                                const std::function<absl::Status(std::string_view)>& sink) {
  for (uint64_t offset = 0; offset < file.bytes();) {
    std::list<Awaited>::iterator part;
    {
      std::lock_guard lock(mutex_);
      part = awaited_.insert(awaited_.end(), {file.sha256(), offset});
    }
    absl::Status answered = Await(file.name(), stop, *part);
    std::string data;
    {
      std::lock_guard lock(mutex_);
      data = std::move(part->data).value_or("");
      awaited_.erase(part);
    }
    if (!answered.ok()) return answered;
    if (data.empty()) return absl::NotFoundError(file.name() + ": the master has it no more");
    if (absl::Status taken = sink(data); !taken.ok()) return taken;
    offset += data.size();
  }
  return absl::OkStatus();
}

absl::Status MasterFiles::Await(const std::string& name, const std::stop_token& stop, Awaited& part) {
  proto::ToMaster request;
  request.mutable_file_request()->set_sha256(part.sha256);
  request.mutable_file_request()->set_offset(part.offset);
  std::unique_lock lock(mutex_);
  while (changed_.wait(lock, stop, [&] { return connected_; }) && !stop.stop_requested()) {
    const uint64_t connection = connections_;
    send_(request);
    const bool happened = changed_.wait_for(
        lock, stop, kTimeout, [&] { return part.data || !connected_ || connections_ != connection; });
    if (part.data) return absl::OkStatus();
    if (!happened && !stop.stop_requested())
      return absl::UnavailableError(name + ": the master does not send it");
  }
  return absl::CancelledError(name + ": it took too long to fetch");
}

void MasterFiles::OnConnection(bool connected) {
  std::lock_guard lock(mutex_);
  connected_ = connected;
  if (connected) ++connections_;
  changed_.notify_all();
}

void MasterFiles::OnData(const proto::FileData& data) {
  std::lock_guard lock(mutex_);
  for (Awaited& part : awaited_) {
    if (part.sha256 == data.sha256() && part.offset == data.offset()) part.data = data.data();
  }
  changed_.notify_all();
}

}  // namespace millstream::deploy
