#include "deploy/submit/logs_command.h"

#include <chrono>
#include <cstdio>
#include <map>
#include <optional>
#include <thread>
#include <vector>

#include "common/cli/errors.h"
#include "common/cli/values.h"
#include "deploy/submit/cluster_query.h"
#include "deploy/submit/master_options.h"
#include "deploy/submit/options.h"

namespace millstream::deploy {
namespace {

constexpr std::chrono::milliseconds kFollowInterval{200};

class LogReader {
 public:
  LogReader(MasterQuery master, const proto::LogQuery& query) : master_(std::move(master)), query_(query) {}

  // Writes what is new to standard output, executor by executor; the number of executors that there are.
  absl::StatusOr<size_t> WriteNew() {
    proto::LogQuery all = query_;
    all.set_offset(UINT64_MAX);
    const auto known = Read(all);
    if (!known.ok()) return known.status();
    for (const proto::LogAnswer::Part& part : known->parts()) offsets_.try_emplace(part.executor(), 0);
    for (auto& [executor, offset] : offsets_) {
      if (absl::Status written = WriteNew(executor, offset); !written.ok()) return written;
    }
    std::fflush(stdout);
    return offsets_.size();
  }

  bool wrote() const { return last_.has_value(); }

  absl::StatusOr<bool> Ended() const {
    proto::ToMaster question;
    question.mutable_list();
    const auto answer = Ask(master_.access, question, master_.patience);
    if (!answer.ok()) return answer.status();
    for (const auto& application : answer->list().applications()) {
      if (application.record().id() == query_.application()) {
        return application.record().state() >= proto::ApplicationRecord::FINISHED &&
               application.executors().empty();
      }
    }
    for (const proto::DriverRecord& driver : answer->list().drivers()) {
      if (driver.id() == query_.application()) return driver.state() >= proto::DriverRecord::FINISHED;
    }
    return true;
  }

 private:
  absl::StatusOr<proto::LogAnswer> Read(const proto::LogQuery& query) const {
    proto::ToMaster question;
    *question.mutable_log_query() = query;
    const auto answer = Ask(master_.access, question, master_.patience);
    if (!answer.ok()) return answer.status();
    return answer->log_answer();
  }

  absl::Status WriteNew(uint32_t executor, uint64_t& offset) {
    while (true) {
      proto::LogQuery query = query_;
      query.set_executor(executor);
      query.set_offset(offset);
      const auto answer = Read(query);
      if (!answer.ok()) return answer.status();
      // It ran on one worker, and the others have nothing of it.
      if (answer->parts().empty() || answer->parts(0).data().empty()) return absl::OkStatus();
      const proto::LogAnswer::Part& part = answer->parts(0);
      if (offsets_.size() > 1 && last_ != executor) std::printf("==> %u <==\n", executor);
      last_ = executor;
      std::fwrite(part.data().data(), 1, part.data().size(), stdout);
      // Further on than was asked for, if what came before was rolled away.
      offset = part.offset() + part.data().size();
    }
  }

  const MasterQuery master_;
  const proto::LogQuery query_;
  std::map<uint32_t, uint64_t> offsets_;  // by executor: what was written already
  std::optional<uint32_t> last_;          // whose output was written last
};

absl::Status Write(LogReader& reader, const proto::LogQuery& query, bool follow) {
  const std::string& id = query.application();
  while (true) {
    // First, so that what is written until it ends is seen.
    const absl::StatusOr<bool> ended = reader.Ended();
    if (!ended.ok()) return ended.status();
    const absl::StatusOr<size_t> executors = reader.WriteNew();
    if (!executors.ok()) return executors.status();
    if (follow && !*ended) {
      std::this_thread::sleep_for(kFollowInterval);
      continue;
    }
    if (*executors == 0 && query.has_executor()) {
      return absl::NotFoundError(cli::ErrorText("executor " + std::to_string(query.executor()) + " of " + id,
                                                "no worker has a log of it",
                                                "millstream logs " + id + " prints those of all"));
    }
    if (*executors == 0) {
      return absl::NotFoundError(cli::ErrorText(id, "no worker has a log of it",
                                                "millstream list --master URL names what the master knows"));
    }
    if (!reader.wrote()) {
      std::fprintf(stderr, "millstream: %s: nothing was written to standard %s\n", id.c_str(),
                   query.errors() ? "error; --stdout prints standard output" : "output");
    }
    return absl::OkStatus();
  }
}

}  // namespace

absl::Status RunLogs(std::span<const std::string> arguments) {
  Values values;
  proto::LogQuery query;
  bool follow = false;
  const auto set_executor = [&query](std::string_view text) {
    const std::optional<int64_t> executor = cli::ParseInteger(text);
    if (!executor || *executor < 0 || *executor > UINT32_MAX) {
      return cli::UsageError("--executor", '"' + std::string(text) + "\" is no executor", "Write its number");
    }
    query.set_executor(static_cast<uint32_t>(*executor));
    return absl::OkStatus();
  };
  const auto set = [](bool& flag, bool value) {
    return [&flag, value](std::string_view) {
      flag = value;
      return absl::OkStatus();
    };
  };
  bool errors = true;
  std::vector<Option> options = MasterOptions(values);
  options.insert(
      options.end(),
      {{"--executor", "N", "of this executor, or launch of a driver, alone; else of all", set_executor},
       {"--stdout", "", "standard output; else standard error, where the log is", set(errors, false)},
       {"-f", "", "goes on until the application, or the driver, has ended", set(follow, true)}});
  bool help = false;
  const auto rest = ParseAllOptions(arguments, options, help);
  if (!rest.ok()) return rest.status();
  if (help) {
    std::fputs(
        ("Usage: millstream logs ID [FLAGS]\n\n"
         "Prints what an application's executors wrote, or a driver on a worker, also those that have\n"
         "ended: as much of it as the worker keeps.\n\n" +
         OptionsHelp(options))
            .c_str(),
        stdout);
    return absl::OkStatus();
  }
  if (rest->size() != 1) {
    return cli::UsageError("logs", "it takes one argument, the id of an application or driver",
                           "millstream list names them; the master is given by --master");
  }
  const absl::StatusOr<Values> resolved = WithEnvironment(values);
  if (!resolved.ok()) return resolved.status();
  const absl::StatusOr<MasterQuery> master = MasterQueryOf(*resolved);
  if (!master.ok()) return master.status();
  query.set_application(rest->front());
  query.set_errors(errors);
  LogReader reader(*master, query);
  return Write(reader, query, follow);
}

}  // namespace millstream::deploy
