// Who has not been heard of for too long.
#include <algorithm>

#include "deploy/master/master.h"

namespace millstream::deploy {
namespace {

constexpr int64_t kLongestAmnesty = 3;  // timeouts

}  // namespace

std::optional<int64_t> Master::AmnestyEndMs() const {
  int connected = 0;
  int64_t heard_ms = 0;
  for (const auto& [id, worker] : workers_) {
    if (!worker.connection) continue;
    ++connected;
    heard_ms = std::max(heard_ms, worker.heard_ms);
  }
  for (const auto& [id, application] : applications_) {
    if (!application.connection || application.ended()) continue;
    ++connected;
    heard_ms = std::max(heard_ms, application.heard_ms);
  }
  const int64_t end_ms = heard_ms + kLongestAmnesty * options_.timeout_ms;
  if (connected < 2 || now_ms_ < heard_ms + options_.timeout_ms / 2 || now_ms_ >= end_ms) return std::nullopt;
  return end_ms;
}

std::optional<int64_t> Master::NextDeadlineMs() const {
  const std::optional<int64_t> amnesty_end = AmnestyEndMs();
  std::optional<int64_t> deadline = recovering_until_;
  const auto sooner = [&deadline](int64_t at) {
    if (!deadline || at < *deadline) deadline = at;
  };
  if (amnesty_end) sooner(*amnesty_end);
  for (const auto& [id, worker] : workers_) {
    if (!(amnesty_end && worker.connection)) sooner(worker.heard_ms + options_.timeout_ms);
  }
  for (const auto& [id, application] : applications_) {
    if (!application.ended() && !(amnesty_end && application.connection))
      sooner(application.heard_ms + options_.timeout_ms);
    if (application.kill_ms) sooner(*application.kill_ms);
  }
  for (const auto& [id, driver] : drivers_) {
    if (driver.relaunch_ms && *driver.relaunch_ms > now_ms_) sooner(*driver.relaunch_ms);
  }
  return deadline;
}

void Master::On(const TimePassed&) {
  const bool cut_off = AmnestyEndMs().has_value();
  std::vector<std::string> silent;
  for (const auto& [id, worker] : workers_) {
    if (cut_off && worker.connection) continue;
    if (now_ms_ >= worker.heard_ms + options_.timeout_ms) silent.push_back(id);
  }
  for (const std::string& id : silent) {
    const std::string why = "was silent for " + std::to_string(options_.timeout_ms) + " ms";
    Warn("worker " + id + " is lost with what it ran: it " + why);
    LoseWorker(id, why, absl::UnavailableError("the worker " + why));
  }
  for (auto& [id, application] : applications_) {
    if (!application.ended() && !(cut_off && application.connection) &&
        now_ms_ >= application.heard_ms + options_.timeout_ms) {
      LoseApplication(application,
                      "its driver was silent for " + std::to_string(options_.timeout_ms) + " ms");
    }
    if (application.kill_ms && now_ms_ >= *application.kill_ms) KillExecutors(application);
  }
  ForgetOld();
}

void Master::On(const Stalled&) {
  for (auto& [id, worker] : workers_) worker.heard_ms = now_ms_;
  for (auto& [id, application] : applications_) application.heard_ms = now_ms_;
  if (recovering_until_) recovering_until_ = now_ms_ + options_.timeout_ms;
}

}  // namespace millstream::deploy
