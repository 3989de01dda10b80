#include "deploy/submit/list_command.h"

#include <cstdio>

#include "common/cli/errors.h"
#include "common/cli/master_url.h"
#include "deploy/submit/cluster_query.h"
#include "deploy/submit/master_options.h"
#include "deploy/submit/options.h"

namespace millstream::deploy {

absl::Status RunList(std::span<const std::string> arguments) {
  Values values;
  const std::vector<Option> options = MasterOptions(values);
  bool help = false;
  const auto rest = ParseOptions(arguments, options, help);
  if (!rest.ok()) return rest.status();
  if (help) {
    std::fputs(("Usage: millstream list [FLAGS]\n\n"
                "Prints a cluster's workers, drivers and applications, as its master knows them.\n\n" +
                OptionsHelp(options))
                   .c_str(),
               stdout);
    return absl::OkStatus();
  }
  if (!rest->empty()) {
    return cli::UsageError(rest->front(), "list takes no argument, and the master is given by --master",
                           "Write millstream list --master " +
                               cli::AsClusterUrl(rest->front()).value_or("millstream://HOST:PORT"));
  }
  const absl::StatusOr<Values> resolved = WithEnvironment(values);
  if (!resolved.ok()) return resolved.status();
  const absl::StatusOr<MasterQuery> query = MasterQueryOf(*resolved);
  if (!query.ok()) return query.status();
  proto::ToMaster question;
  question.mutable_list();
  const auto answer = Ask(query->access, question, query->patience);
  if (!answer.ok()) return answer.status();
  std::fputs(ListText(answer->list()).c_str(), stdout);
  return absl::OkStatus();
}

}  // namespace millstream::deploy
