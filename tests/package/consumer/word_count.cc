#include "count_words.h"

namespace ms = millstream;
using namespace std::chrono_literals;

absl::Status Build(ms::StreamingContext& ssc) {
  auto args = ms::Args();  // what follows the engine's flags
  if (args.size() != 2) return absl::InvalidArgumentError("usage: word_count [FLAGS] HOST PORT");
  CountWords(ssc.SocketTextStream(args[0], std::atoi(args[1].c_str())), 3).Print();
  return absl::OkStatus();
}

int main(int argc, char** argv) {
  return ms::Run(argc, argv, {.app_name = "WordCount", .batch_interval = 1s}, Build);
}
