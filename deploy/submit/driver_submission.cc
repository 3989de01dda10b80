#include "deploy/submit/driver_submission.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <random>
#include <utility>

#include "common/base/logging.h"
#include "common/cli/errors.h"
#include "common/rpc/master_connection.h"

namespace millstream::deploy {
namespace {

using std::chrono::steady_clock;
using State = proto::DriverRecord;

constexpr std::chrono::milliseconds kReachTimeout{10'000};
// How long a master that was there may be away.
constexpr std::chrono::milliseconds kAwayTimeout{60'000};
constexpr size_t kPartBytes = size_t{1} << 20;

std::string RandomText() {
  std::random_device random;
  std::string text;
  for (int i = 0; i < 4; ++i) text += std::to_string(random()) + ".";
  return text;
}

absl::Status Upload(const DriverSubmission& submission, const program::ContentFile& file) {
  const proto::ProgramFile& description = file.description();
  proto::ToMaster message;
  proto::FileChunk& chunk = *message.mutable_file_chunk();
  *chunk.mutable_file() = description;
  // The first part is empty: the master may have it already.
  while (true) {
    const auto answer = Ask(submission.access, message, std::min(submission.patience, kReachTimeout));
    if (!answer.ok()) return answer.status();
    const proto::FileHeld& held = answer->file_held();
    if (!held.error().empty()) {
      return absl::InternalError(description.name() + ": the master cannot keep it: " + held.error());
    }
    if (held.bytes() >= description.bytes()) return absl::OkStatus();
    absl::StatusOr<std::string> part = file.Read(held.bytes(), kPartBytes);
    if (!part.ok()) return part.status();
    if (part->empty()) return absl::InternalError(description.name() + ": it has become shorter");
    chunk.set_offset(held.bytes());
    chunk.set_data(*std::move(part));
  }
}

// What the master says about a driver.
class DriverWatch {
 public:
  DriverWatch(const MasterAccess& access, const std::string& id)
      : connection_(access.own, access.masters,
                    {.hello =
                         [id] {
                           proto::ToMaster message;
                           message.mutable_await_driver()->set_id(id);
                           return message;
                         },
                     .on_message = [this](const proto::FromMaster& message) { OnMessage(message); },
                     .on_lost = [this](const absl::Status& why) { OnLost(why); }}) {
    connection_.Start();
  }

  // What is new, by `deadline`; nullopt: nothing. Aborted: the master is away for too long. Unauthenticated:
  // it is another user's, or another secret's, now.
  absl::StatusOr<std::optional<proto::DriverAnswer>> Next(steady_clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    while (!answer_) {
      if (absl::IsUnauthenticated(lost_)) return lost_;
      const auto away_until = lost_since_.value_or(steady_clock::now()) + kAwayTimeout;
      if (steady_clock::now() >= away_until) return absl::AbortedError(std::string(lost_.message()));
      if (steady_clock::now() >= deadline) return std::optional<proto::DriverAnswer>();
      changed_.wait_until(lock, std::min(deadline, away_until));
    }
    return std::exchange(answer_, std::nullopt);
  }

 private:
  void OnMessage(const proto::FromMaster& message) {
    std::lock_guard lock(mutex_);
    lost_since_.reset();
    lost_ = absl::OkStatus();
    answer_ = message.driver();
    changed_.notify_all();
  }
  void OnLost(const absl::Status& why) {
    std::lock_guard lock(mutex_);
    lost_ = absl::Status(why.code(), why.message());
    if (!lost_since_) lost_since_ = steady_clock::now();
    changed_.notify_all();
  }

  std::mutex mutex_;  // protects what follows
  std::condition_variable changed_;
  std::optional<proto::DriverAnswer> answer_;  // that nobody has seen
  std::optional<steady_clock::time_point> lost_since_;
  absl::Status lost_;

  rpc::MasterConnection connection_;
};

void Tell(const proto::DriverRecord& record) {
  std::string line = record.id() + " is ";
  if (record.kill() && record.state() < State::RELAUNCHING)
    return base::LogInfo(line + "to end: it is killed by request");
  line += proto::DriverRecord::State_Name(record.state());
  if (!record.worker().empty()) line += " on " + record.worker();
  if (record.state() >= State::RELAUNCHING) line += ": it " + record.how();
  base::LogInfo(line);
}

// Of a driver that has ended.
int ExitCodeOf(const proto::DriverRecord& record) {
  if (record.state() == State::FINISHED) return 0;
  return record.has_exit_code() && record.exit_code() != 0 ? static_cast<int>(record.exit_code()) : 1;
}

}  // namespace

absl::StatusOr<std::string> Submit(const DriverSubmission& submission) {
  for (const program::ContentFile& file : submission.program.contents) {
    if (absl::Status uploaded = Upload(submission, file); !uploaded.ok()) return uploaded;
  }
  proto::ToMaster message;
  message.mutable_submit_driver()->set_submission(RandomText());
  *message.mutable_submit_driver()->mutable_request() = submission.request;
  const auto answer = Ask(submission.access, message, std::min(submission.patience, kReachTimeout));
  if (!answer.ok()) return answer.status();
  return answer->accepted().id();
}

absl::StatusOr<int> AwaitDriver(const DriverSubmission& submission, const std::string& id) {
  const auto placed_by = steady_clock::now() + submission.patience;
  bool placed = false;
  DriverWatch watch(submission.access, id);
  while (true) {
    const auto answer = watch.Next(placed ? steady_clock::time_point::max() : placed_by);
    if (!answer.ok()) {
      return absl::Status(answer.status().code(), std::string(answer.status().message()) + "; " + id +
                                                      " goes on without it. Ask for it by --status " + id);
    }
    if (!*answer) {
      proto::ToMaster message;
      message.mutable_kill()->set_id(id);
      Ask(submission.access, message, kReachTimeout).status().IgnoreError();
      return absl::DeadlineExceededError(cli::ErrorText(
          id, "no worker had room for it in " + std::to_string(submission.patience.count()) + " ms",
          "Ask for less (--driver-cores, --driver-memory), wait longer (--wait-timeout), or add workers"));
    }
    if (!(*answer)->has_record()) {
      return absl::NotFoundError(cli::ErrorText(id, "the master knows it no more", "Submit it again"));
    }
    const proto::DriverRecord& record = (*answer)->record();
    placed |= record.epoch() > 0;
    Tell(record);
    if (record.state() >= State::FINISHED) return ExitCodeOf(record);
  }
}

}  // namespace millstream::deploy
