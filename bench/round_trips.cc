// What B7 is held against: the round trips that nothing built on threads or gRPC can do without.
//
//   round_trips SAMPLES INTERVAL_MS
//
// Every INTERVAL_MS, and so with cores as idle as between two batches: (1) one thread wakes another through a
// condition variable and is woken back; (2) an empty message crosses an open bidirectional gRPC stream on
// loopback to another process and back, both ends polling a completion queue. Prints medians and 99th
// percentiles as JSON.
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace millstream::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

[[noreturn]] void Fail(const char* what) {
  std::fprintf(stderr, "round_trips: %s\n", what);
  std::exit(1);
}

// Runs `round_trip` every `interval`; returns how long each took, in microseconds, sorted.
std::vector<double> Measure(int samples, std::chrono::milliseconds interval,
                            const std::function<void()>& round_trip) {
  constexpr int kWarmUp = 5;
  std::vector<double> micros;
  auto next = SteadyClock::now();
  for (int i = 0; i < kWarmUp + samples; ++i) {
    std::this_thread::sleep_until(next += interval);
    const auto start = SteadyClock::now();
    round_trip();
    const std::chrono::duration<double, std::micro> took = SteadyClock::now() - start;
    if (i >= kWarmUp) micros.push_back(took.count());
  }
  std::sort(micros.begin(), micros.end());
  return micros;
}

std::vector<double> MeasureHandOff(int samples, std::chrono::milliseconds interval) {
  enum class Turn { kOurs, kTheirs, kOver };
  std::mutex mutex;
  std::condition_variable changed;
  Turn turn = Turn::kOurs;
  const auto pass_to = [&](Turn next) {
    {
      std::lock_guard lock(mutex);
      turn = next;
    }
    changed.notify_one();
  };
  std::thread other([&] {
    while (true) {
      {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return turn != Turn::kOurs; });
        if (turn == Turn::kOver) return;
      }
      pass_to(Turn::kOurs);
    }
  });
  std::vector<double> micros = Measure(samples, interval, [&] {
    pass_to(Turn::kTheirs);
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return turn == Turn::kOurs; });
  });
  pass_to(Turn::kOver);
  other.join();
  return micros;
}

// Waits for the one operation that is under way on `queue`; false if it failed, as reads do after the last
// message.
bool Next(grpc::CompletionQueue& queue) {
  void* tag = nullptr;
  bool ok = false;
  return queue.Next(&tag, &ok) && ok;
}

// Serves one stream, sending back each message, then returns. Writes its port to `port_pipe` first.
void ServeOneStream(int port_pipe) {
  grpc::AsyncGenericService service;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterAsyncGenericService(&service);
  std::unique_ptr<grpc::ServerCompletionQueue> queue = builder.AddCompletionQueue();
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || write(port_pipe, &port, sizeof(port)) != sizeof(port))
    Fail("the server did not start");

  grpc::GenericServerContext context;
  grpc::GenericServerAsyncReaderWriter stream(&context);
  service.RequestCall(&context, &stream, queue.get(), queue.get(), nullptr);
  if (!Next(*queue)) Fail("no call came in");
  grpc::ByteBuffer message;
  while (true) {
    stream.Read(&message, nullptr);
    if (!Next(*queue)) break;
    stream.Write(message, nullptr);
    if (!Next(*queue)) break;
  }
  stream.Finish(grpc::Status::OK, nullptr);
  Next(*queue);
  server->Shutdown();
}

std::vector<double> MeasureGrpc(int port, int samples, std::chrono::milliseconds interval) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  grpc::GenericStub stub(grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(port),
                                                   grpc::InsecureChannelCredentials(), arguments));
  grpc::CompletionQueue queue;
  grpc::ClientContext context;
  const std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream =
      stub.PrepareCall(&context, "/millstream.bench.RoundTrip/Stream", &queue);
  stream->StartCall(nullptr);
  if (!Next(queue)) Fail("the call did not start");
  std::vector<double> micros = Measure(samples, interval, [&] {
    const grpc::Slice empty;
    grpc::ByteBuffer message(&empty, 1);
    stream->Write(message, nullptr);
    if (!Next(queue)) Fail("the message was not sent");
    stream->Read(&message, nullptr);
    if (!Next(queue)) Fail("no message came back");
  });
  stream->WritesDone(nullptr);
  Next(queue);
  grpc::Status status;
  stream->Finish(&status, nullptr);
  Next(queue);
  return micros;
}

double Percentile(const std::vector<double>& sorted, size_t percent) {
  return sorted[std::min(sorted.size() - 1, sorted.size() * percent / 100)];
}

int Main(int argc, char** argv) {
  const int samples = argc == 3 ? std::atoi(argv[1]) : 0;
  const std::chrono::milliseconds interval(argc == 3 ? std::atoi(argv[2]) : 0);
  if (samples <= 0 || interval.count() <= 0) {
    std::fprintf(stderr, "usage: round_trips SAMPLES INTERVAL_MS\n");
    return 2;
  }
  int port_pipe[2];
  if (pipe(port_pipe) != 0) Fail("no pipe");
  const pid_t server = fork();  // before gRPC starts a thread in this process
  if (server == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    ServeOneStream(port_pipe[1]);
    std::exit(0);
  }
  int port = 0;
  close(port_pipe[1]);
  if (server < 0 || read(port_pipe[0], &port, sizeof(port)) != sizeof(port)) Fail("the server did not start");
  const std::vector<double> hand_off = MeasureHandOff(samples, interval);
  const std::vector<double> grpc = MeasureGrpc(port, samples, interval);
  waitpid(server, nullptr, 0);
  std::printf(
      "{\"hand_off_us\": {\"median\": %.1f, \"p99\": %.1f}, \"grpc_us\": {\"median\": %.1f, \"p99\": "
      "%.1f}}\n",
      Percentile(hand_off, 50), Percentile(hand_off, 99), Percentile(grpc, 50), Percentile(grpc, 99));
  return 0;
}

}  // namespace
}  // namespace millstream::bench

int main(int argc, char** argv) { return millstream::bench::Main(argc, argv); }
