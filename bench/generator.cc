// Serves the lines of bench/text/zipf_lines.h over TCP, to one client at a time.
//
//   generator [--port P] [--rate LINES_PER_S] [--lines N] [--vocabulary V] [--uniform] [--seed S] [--wait]
//   [--linger]
//
// The first line on stdout is `listening 127.0.0.1:PORT` (port 0, the default, lets the system choose). For
// each client it prints `connected`, sends N lines (0, the default: until the client leaves) and prints one
// JSON object: what it sent, what counting it must give, its own CPU seconds, and how late its latest slice
// was. Without --rate it sends as fast as the client takes; with it, what is due goes out every millisecond,
// and what a slow client delayed goes out as soon as it can. --wait: a client's first byte is sent after a
// line on stdin. --linger: a connection stays open after its last line until the client leaves, else it is
// closed.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <string>
#include <string_view>
#include <thread>

#include "bench/text/zipf_lines.h"

namespace millstream::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr size_t kTextLines = 524'288;  // 52 MB, replayed from the start when it is used up
constexpr size_t kWriteLines = 2'600;   // at most this many per write: about 256 KiB

struct Options {
  uint16_t port = 0;
  uint64_t rate = 0;   // lines per second; 0: as fast as the client takes
  uint64_t lines = 0;  // per client; 0: until it leaves
  bool wait = false;
  bool linger = false;
  WordMix mix;
};

[[noreturn]] void Fail(const std::string& what) {
  std::fprintf(stderr, "generator: %s\n", what.c_str());
  std::exit(1);
}

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) { return double(t.tv_sec) + double(t.tv_usec) * 1e-6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Sends all of `bytes`; false if the client has left.
bool SendAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

struct Sent {
  uint64_t lines = 0;
  double seconds = 0;
  double latest_s = 0;  // longest time between a line being due and its being handed to the kernel
};

Sent SendLines(int fd, const std::string& text, const Options& options) {
  constexpr auto kSlice = std::chrono::milliseconds(1);
  Sent sent;
  const uint64_t limit = options.lines == 0 ? UINT64_MAX : options.lines;
  const auto start = SteadyClock::now();
  const auto elapsed = [&] { return std::chrono::duration<double>(SteadyClock::now() - start).count(); };
  auto next_slice = start;
  bool connected = true;
  while (connected && sent.lines < limit) {
    uint64_t due = limit;
    if (options.rate != 0) {
      std::this_thread::sleep_until(next_slice += kSlice);
      due = std::min(limit, static_cast<uint64_t>(elapsed() * static_cast<double>(options.rate)));
    }
    while (connected && sent.lines < due) {
      const uint64_t first = sent.lines % kTextLines;
      const uint64_t count = std::min({due - sent.lines, kTextLines - first, uint64_t{kWriteLines}});
      connected = SendAll(fd, std::string_view(text).substr(first * kLineBytes, count * kLineBytes));
      if (connected) sent.lines += count;
    }
    if (options.rate != 0) {
      sent.latest_s =
          std::max(sent.latest_s, elapsed() - static_cast<double>(due) / static_cast<double>(options.rate));
    }
  }
  sent.seconds = elapsed();
  return sent;
}

// The checksum (bench/text/zipf_lines.h) of the first `lines` lines.
uint64_t Checksum(const std::string& text, uint64_t lines) {
  uint64_t checksum = 0;
  const uint64_t replays = lines / kTextLines;
  const uint64_t rest = lines % kTextLines;
  for (uint64_t line = 0; line < (replays == 0 ? rest : kTextLines); ++line) {
    const uint64_t times = replays + (line < rest ? 1 : 0);
    constexpr size_t kStride = kLineBytes / kWordsPerLine;
    for (size_t word = 0; word < kWordsPerLine; ++word) {
      checksum +=
          WordChecksum(std::string_view(&text[line * kLineBytes + word * kStride], kStride - 1), times);
    }
  }
  return checksum;
}

int Listen(uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  socklen_t size = sizeof(address);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(fd, 8) != 0) {
    Fail("cannot listen on port " + std::to_string(port) + ": " + std::strerror(errno));
  }
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  std::printf("listening 127.0.0.1:%d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  return fd;
}

void Serve(int fd, const std::string& text, const Options& options) {
  std::puts("connected");
  std::fflush(stdout);
  if (std::string line; options.wait && !std::getline(std::cin, line)) Fail("--wait: stdin ended");
  const double cpu_before = CpuSeconds();
  const Sent sent = SendLines(fd, text, options);
  const double cpu_seconds = CpuSeconds() - cpu_before;
  const uint64_t words = sent.lines * kWordsPerLine;
  std::printf(
      "{\"lines\": %llu, \"words\": %llu, \"checksum\": %llu, \"seconds\": %.4f, \"latest_s\": %.4f, "
      "\"cpu_s\": %.4f}\n",
      static_cast<unsigned long long>(sent.lines), static_cast<unsigned long long>(words),
      static_cast<unsigned long long>(Checksum(text, sent.lines)), sent.seconds, sent.latest_s, cpu_seconds);
  std::fflush(stdout);
  if (char byte; options.linger) {
    while (recv(fd, &byte, 1, 0) > 0) {
    }
  }
}

Options Parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    const auto number = [&]() -> uint64_t {
      if (++i == argc) Fail(flag + " needs a number");
      return std::strtoull(argv[i], nullptr, 10);
    };
    if (flag == "--port") {
      options.port = static_cast<uint16_t>(number());
    } else if (flag == "--rate") {
      options.rate = number();
    } else if (flag == "--lines") {
      options.lines = number();
    } else if (flag == "--vocabulary") {
      options.mix.vocabulary =
          static_cast<uint32_t>(std::clamp(number(), uint64_t{1}, uint64_t{100'000'000}));
    } else if (flag == "--uniform") {
      options.mix.uniform = true;
    } else if (flag == "--seed") {
      options.mix.seed = number();
    } else if (flag == "--wait") {
      options.wait = true;
    } else if (flag == "--linger") {
      options.linger = true;
    } else {
      std::fprintf(stderr, "generator: unknown flag %s\n", flag.c_str());
      std::exit(2);
    }
  }
  return options;
}

int Main(int argc, char** argv) {
  const Options options = Parse(argc, argv);
  std::string text;
  LineMaker(options.mix).Append(kTextLines, text);
  const int listener = Listen(options.port);
  while (true) {
    const int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    Serve(fd, text, options);
    close(fd);
  }
}

}  // namespace
}  // namespace millstream::bench

int main(int argc, char** argv) { return millstream::bench::Main(argc, argv); }
