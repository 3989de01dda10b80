// A program that needs a library of its own (tests/programs/private/) in its driver and in its tasks.
#include <millstream/streaming.h>

#include <cstdio>
#include <string>
#include <vector>

namespace ms = millstream;

const char* Greeting();

int main(int argc, char** argv) {
  ms::Init(&argc, &argv);
  ms::Context sc{ms::Config()};
  const auto greetings = sc.Parallelize(std::vector<int64_t>{1}, 1)
                             .Map([](int64_t) { return std::string(Greeting()); })
                             .Collect();
  if (!greetings.ok()) return 1;
  std::printf("driver: %s\nexecutor: %s\n", Greeting(), greetings->front().c_str());
  return 0;
}
