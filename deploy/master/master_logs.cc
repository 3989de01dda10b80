// How a client reads what executors wrote: the master keeps no log, and asks all workers.
#include <utility>
#include <vector>

#include "deploy/master/master.h"

namespace millstream::deploy {

void Master::On(ConnectionId from, const proto::LogQuery& query) {
  const uint64_t number = next_query_++;
  LogRead& read = log_reads_[number];
  read.client = from;
  for (const auto& [connection, worker] : worker_of_) {
    read.asked.insert(connection);
    proto::FromMaster message;
    *message.mutable_log_query() = query;
    message.mutable_log_query()->set_query(number);
    Send(connection, std::move(message));
  }
  EndLogRead(number, from);
}

void Master::On(ConnectionId from, const proto::LogAnswer& answer) {
  const auto read = log_reads_.find(answer.query());
  if (read == log_reads_.end() || !read->second.asked.contains(from)) return;
  read->second.answer.MergeFrom(answer);
  EndLogRead(answer.query(), from);
}

void Master::EndLogRead(uint64_t query, ConnectionId worker) {
  const auto read = log_reads_.find(query);
  read->second.asked.erase(worker);
  if (!read->second.asked.empty()) return;
  proto::FromMaster message;
  *message.mutable_log_answer() = std::move(read->second.answer);
  Send(read->second.client, std::move(message));
  log_reads_.erase(read);
}

void Master::ForgetInLogReads(ConnectionId connection) {
  std::erase_if(log_reads_, [connection](const auto& read) { return read.second.client == connection; });
  std::vector<uint64_t> answered;
  for (const auto& [query, read] : log_reads_) {
    if (read.asked.contains(connection)) answered.push_back(query);
  }
  for (const uint64_t query : answered) EndLogRead(query, connection);
}

}  // namespace millstream::deploy
