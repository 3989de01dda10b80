// A program that forgot its output.
#include <millstream/streaming.h>

#include <vector>

namespace ms = millstream;

int main(int argc, char** argv) {
  return ms::Run(argc, argv, {.app_name = "NoOutput"}, [](ms::StreamingContext& ssc) {
    const ms::BatchQueue<int64_t> queue;
    ssc.QueueStream(queue).Map([](int64_t n) { return n + 1; });
  });
}
