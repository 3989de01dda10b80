#ifndef MILLSTREAM_TESTS_DEPLOY_MASTER_MASTER_FIXTURE_H_
#define MILLSTREAM_TESTS_DEPLOY_MASTER_MASTER_FIXTURE_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "deploy/master/master.h"

namespace millstream::deploy {

inline constexpr uint64_t kGiB = uint64_t{1} << 30;
inline constexpr int64_t kTimeoutMs = 10'000;

// A master on a hand-moved clock, with what it keeps, and what it said to each connection.
class MasterTest : public testing::Test {
 protected:
  MasterTest() { Restart(); }

  // All connections are gone, the records stay.
  void Restart() {
    master_ = std::make_unique<Master>(*Master::Create(
        {.timeout_ms = kTimeoutMs, .end_timeout_ms = 5'000, .most_ended = 2}, records_, now_ms_));
    sent_.clear();
    closed_.clear();
  }

  void Handle(const MasterEvent& event) {
    Master::Commands commands;
    master_->Handle(event, now_ms_, commands);
    for (MasterCommand& command : commands) {
      if (auto* send = std::get_if<SendMessage>(&command))
        sent_[send->to].push_back(std::move(send->message));
      if (auto* close = std::get_if<CloseConnection>(&command)) closed_.push_back(close->connection);
      if (auto* line = std::get_if<LogLine>(&command))
        log_.push_back((line->is_warning ? "W " : "I ") + line->text);
      if (auto* keep = std::get_if<KeepRecord>(&command)) {
        if (keep->value) {
          records_[keep->key] = *keep->value;
        } else {
          records_.erase(keep->key);
        }
      }
    }
  }
  void Handle(ConnectionId from, proto::ToMaster message) {
    Handle(MessageArrived{from, std::move(message)});
  }

  void Pass(int64_t ms) {
    for (const int64_t end = now_ms_ + ms; now_ms_ < end;) {
      now_ms_ = std::min(end, now_ms_ + kTimeoutMs / 4);
      for (const ConnectionId connection : beating_) Beat(connection);
      Handle(TimePassed{});
    }
  }
  void Beat(ConnectionId worker_or_driver) {
    proto::ToMaster message;
    message.mutable_heartbeat();
    Handle(worker_or_driver, std::move(message));
  }

  ConnectionId AddWorker(const std::string& id, uint32_t cores,
                         std::vector<std::pair<std::string, uint32_t>> running = {}) {
    const ConnectionId connection{next_connection_++};
    proto::ToMaster message;
    message.mutable_worker()->set_id(id);
    message.mutable_worker()->set_cores(cores);
    message.mutable_worker()->set_memory_bytes(16 * kGiB);
    for (const auto& [application, executor] : running) {
      proto::RunningExecutor& one = *message.mutable_worker()->add_executors();
      one.set_application(application);
      one.set_executor(executor);
      one.set_cores(1);
      one.set_memory_bytes(kGiB);
    }
    Handle(connection, std::move(message));
    return connection;
  }

  ConnectionId AddApplication(uint32_t executors, uint32_t executor_cores = 1) {
    proto::ToMaster message;
    message.mutable_application()->mutable_request()->set_executors(executors);
    message.mutable_application()->mutable_request()->set_executor_cores(executor_cores);
    message.mutable_application()->mutable_request()->set_executor_memory_bytes(kGiB);
    const ConnectionId connection{next_connection_++};
    beating_.insert(connection);
    Handle(connection, std::move(message));
    return connection;
  }

  // A driver that was there before.
  ConnectionId ReturnApplication(const std::string& id, const std::vector<uint32_t>& executors) {
    proto::ToMaster message;
    proto::ApplicationHello& hello = *message.mutable_application();
    hello.set_id(id);
    hello.mutable_request()->set_executors(static_cast<uint32_t>(executors.size()));
    hello.mutable_request()->set_executor_cores(1);
    for (const uint32_t executor : executors) {
      hello.add_executors(executor);
      hello.set_next_executor(std::max(hello.next_executor(), executor + 1));
    }
    const ConnectionId connection{next_connection_++};
    beating_.insert(connection);
    Handle(connection, std::move(message));
    return connection;
  }

  std::string IdOf(ConnectionId application) {
    for (const proto::FromMaster& message : sent_[application]) {
      if (message.has_accepted()) return message.accepted().id();
    }
    return "";
  }

  // "0@w1 1@w2": all that the application was granted.
  std::string GrantedTo(ConnectionId application) {
    std::string text;
    for (const proto::FromMaster& message : sent_[application]) {
      for (const auto& executor : message.granted().executors()) {
        if (!text.empty()) text += ' ';
        text += std::to_string(executor.executor()) + "@" + executor.worker();
      }
    }
    return text;
  }

  std::vector<uint32_t> EndedFor(ConnectionId application) {
    std::vector<uint32_t> ended;
    for (const proto::FromMaster& message : sent_[application]) {
      if (message.has_ended()) ended.push_back(message.ended().executor());
    }
    return ended;
  }

  std::vector<uint32_t> KilledOn(ConnectionId worker) {
    std::vector<uint32_t> killed;
    for (const proto::FromMaster& message : sent_[worker]) {
      if (message.has_kill()) killed.push_back(message.kill().executor());
    }
    return killed;
  }

  void SayLaunch(ConnectionId application, uint32_t executor) {
    proto::ToMaster message;
    message.mutable_launch()->set_executor(executor);
    Handle(application, std::move(message));
  }

  void SayEnded(ConnectionId from, const std::string& application, uint32_t executor) {
    proto::ToMaster message;
    message.mutable_ended()->set_application(application);
    message.mutable_ended()->set_executor(executor);
    message.mutable_ended()->set_how("was killed by signal 9 (SIGKILL)");
    Handle(from, std::move(message));
  }

  void SayApplicationEnded(ConnectionId from, uint32_t exit_code = 0) {
    proto::ToMaster message;
    message.mutable_application_ended()->set_exit_code(exit_code);
    Handle(from, std::move(message));
  }

  proto::ClusterList List() {
    const ConnectionId connection{next_connection_++};
    proto::ToMaster message;
    message.mutable_list();
    Handle(connection, std::move(message));
    return sent_[connection].front().list();
  }

  proto::ApplicationRecord::State StateOf(const std::string& id) {
    const proto::ClusterList list = List();
    for (const auto& application : list.applications()) {
      if (application.record().id() == id) return application.record().state();
    }
    ADD_FAILURE() << id << " is not listed";
    return proto::ApplicationRecord::WAITING;
  }

  int64_t now_ms_ = 1'700'000'000'000;
  uint64_t next_connection_ = 1;
  std::map<std::string, std::string> records_;
  std::unique_ptr<Master> master_;
  std::map<ConnectionId, std::vector<proto::FromMaster>> sent_;
  std::vector<ConnectionId> closed_;
  std::vector<std::string> log_;
  std::set<ConnectionId> beating_;  // are heard of as time passes: drivers, if not told otherwise
};

}  // namespace millstream::deploy

#endif  // MILLSTREAM_TESTS_DEPLOY_MASTER_MASTER_FIXTURE_H_
