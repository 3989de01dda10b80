// A program whose user function goes wrong in the way its first argument names:
//
//   misbehave [FLAGS] abort | recurse | throw-int | throw | hang | throw-in-build
#include <millstream/streaming.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

namespace ms = millstream;

volatile int g_depth = 0;
volatile bool g_go_on = true;  // always; the compiler must not know

int Recurse(int depth) {  // NOLINT(misc-no-recursion): it is what this is for
  volatile char frame[4096];
  frame[0] = static_cast<char>(depth);
  g_depth = depth;
  return g_go_on ? Recurse(depth + 1) + frame[0] : depth;
}

int64_t Misbehave(int64_t n) {
  const std::string& how = ms::Args()[0];
  if (n != 7) return n;
  if (how == "abort") std::abort();
  if (how == "recurse") return Recurse(0);
  if (how == "throw-int") throw 42;
  if (how == "throw") throw std::runtime_error("no sevens");
  if (how == "hang") {
    std::fputs("hanging\n", stderr);
    for (;;) pause();
  }
  return n;
}

int main(int argc, char** argv) {
  return ms::Run(argc, argv, {.app_name = "Misbehave", .batch_interval = std::chrono::milliseconds(100)},
                 [](ms::StreamingContext& ssc) {
                   if (ms::Args()[0] == "throw-in-build") throw std::invalid_argument("no such sensor");
                   const ms::BatchQueue<int64_t> queue;
                   queue.Push(std::vector<int64_t>{1, 2, 3, 4, 5, 6, 7, 8});
                   ssc.QueueStream(queue).Map([](int64_t n) { return Misbehave(n); }).Named("seven").Print();
                 });
}
