// A program that does what its arguments say, once its executors are there:
//
//   do_as_told [engine flags] exit CODE | signal NUMBER | once PATH | hang | say LINES | file NAME | variable
//   NAME
#include <millstream/streaming.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace ms = millstream;

std::string ContentOf(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// What the second argument names, if the first one says that it names something.
std::string Look(int64_t) {
  if (ms::Args()[0] != "file" && ms::Args()[0] != "variable") return "";
  const std::string& name = ms::Args()[1];
  if (ms::Args()[0] == "file") return ContentOf(ms::GetFile(name)) + " in " + ms::GetFile(name);
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? "nothing" : value;
}

int main(int argc, char** argv) {
  ms::Init(&argc, &argv);
  const std::string what = ms::Args()[0];
  const std::string of = ms::Args().size() > 1 ? ms::Args()[1] : "";
  ms::Context sc{ms::Config()};
  const auto seen =
      sc.Parallelize(std::vector<int64_t>{1, 2}, 2).Map([](int64_t n) { return Look(n); }).Collect();
  if (!seen.ok()) {
    std::fprintf(stderr, "%s\n", std::string(seen.status().message()).c_str());
    return 1;
  }
  if (what == "file" || what == "variable") {
    std::printf("driver: %s\n", Look(0).c_str());
    for (const std::string& text : *seen) std::printf("executor: %s\n", text.c_str());
  }
  if (what == "exit") return std::atoi(of.c_str());
  if (what == "signal") raise(std::atoi(of.c_str()));
  if (what == "once" && !std::filesystem::exists(of)) {
    std::ofstream(of) << "x";
    return 5;
  }
  if (what == "say") {
    for (int i = 0; i < std::atoi(of.c_str()); ++i) std::printf("line %d\n", i);
  }
  if (what == "hang") {
    for (;;) pause();
  }
  return 0;
}
