// Moves ROWS rows of 1 KiB through a shuffle and checks every byte of them on the other side:
//
//   shuffle_volume [FLAGS] ROWS KEYS
//
// Prints "rows N wrong W" and the peak of its resident memory, "VmHWM K kB".
#include <millstream/streaming.h>

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace ms = millstream;

constexpr size_t kWords = 128;  // of 8 bytes

// Always the same for the same number, and hard to compress.
std::string Payload(int64_t number) {
  uint64_t random = static_cast<uint64_t>(number) * 0x9e3779b97f4a7c15u + 1;
  std::string bytes(kWords * sizeof(random), '\0');
  for (size_t i = 0; i < kWords; ++i) {
    random ^= random << 13, random ^= random >> 7, random ^= random << 17;
    bytes.replace(i * sizeof(random), sizeof(random), reinterpret_cast<const char*>(&random), sizeof(random));
  }
  return bytes;
}

using Numbered = std::pair<int64_t, std::string>;
using Tally = std::pair<int64_t, int64_t>;  // rows, and wrong ones

struct CheckGroup {
  int64_t keys = 1;
  Tally operator()(const std::pair<int64_t, std::vector<Numbered>>& group) const {
    Tally tally{static_cast<int64_t>(group.second.size()), 0};
    for (const auto& [number, payload] : group.second) {
      if (number % keys != group.first || payload != Payload(number)) ++tally.second;
    }
    return tally;
  }
};

struct KeyOf {
  int64_t keys = 1;
  std::pair<int64_t, Numbered> operator()(int64_t number) const {
    return {number % keys, {number, Payload(number)}};
  }
};

int main(int argc, char** argv) {
  ms::Init(&argc, &argv);
  if (argc != 3) {
    std::fprintf(stderr, "usage: shuffle_volume [FLAGS] ROWS KEYS\n");
    return 2;
  }
  const int64_t rows = std::stoll(argv[1]);
  const int64_t keys = std::stoll(argv[2]);
  ms::Context context(ms::Config().SetAppName("ShuffleVolume"));
  const auto tally = context.Range(0, rows, 1, 16)
                         .Map(KeyOf{keys})
                         .GroupByKey({.num_partitions = 16})
                         .Map(CheckGroup{keys})
                         .Reduce([](Tally a, const Tally& b) {
                           return Tally{a.first + b.first, a.second + b.second};
                         });
  if (!tally.ok()) {
    std::fprintf(stderr, "%s\n", tally.status().ToString().c_str());
    return 1;
  }
  std::printf("rows %lld wrong %lld\n", static_cast<long long>(tally->first),
              static_cast<long long>(tally->second));
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) std::printf("%s\n", line.c_str());
  }
  return 0;
}
