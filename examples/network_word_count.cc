// Counts the words of a text server every second:
//
//   nc -lk 9999                                          # in one terminal
//   network_word_count --master 'local[2]' localhost 9999   # in another
#include <millstream/streaming.h>

#include <charconv>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace ms = millstream;
using namespace std::chrono_literals;

// The whole of `text` as a number; -1 if it is none.
int Number(const std::string& text) {
  int number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : -1;
}

absl::Status NetworkWordCount(ms::StreamingContext& ssc) {
  const std::span<const std::string> args = ms::Args();
  if (args.size() < 2 || args.size() > 3) {
    return absl::InvalidArgumentError("usage: network_word_count [FLAGS] HOST PORT [PRINT_N]");
  }
  const int port = Number(args[1]);
  if (port < 0)
    return absl::InvalidArgumentError("PORT \"" + args[1] + "\": not a number. Give one from 1 to 65535");
  const int print_n = args.size() == 3 ? Number(args[2]) : 10;
  if (print_n < 0)
    return absl::InvalidArgumentError("PRINT_N \"" + args[2] +
                                      "\": not a number. Give how many rows to print");

  auto lines = ssc.SocketTextStream(args[0], port);
  auto words = lines.FlatMap(ms::SplitWords{});
  auto counts =
      words.Map([](std::string_view word) { return std::pair(word, int64_t{1}); }).ReduceByKey(std::plus<>());
  counts.Print(print_n);
  return absl::OkStatus();
}

int main(int argc, char** argv) {
  return ms::Run(argc, argv, {.app_name = "NetworkWordCount", .batch_interval = 1s}, NetworkWordCount);
}
