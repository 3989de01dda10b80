// Serves lines of random words over TCP, always the same ones: something to count where nothing better is at
// hand.
//
//   text_source PORT [LINES_PER_SECOND]        port 0 takes a free one; "listening 127.0.0.1:PORT" tells
//   which
//
// Every client gets its own copy of the stream from its beginning. Uses the standard library alone.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <thread>

namespace {

constexpr uint64_t kSeed = 20130101;
constexpr int kWordsPerLine = 8;
constexpr auto kPacing = std::chrono::milliseconds(10);

// The more to the left, the more frequent.
constexpr std::array<std::string_view, 40> kWords = {
    "the",    "water",  "of",   "stream", "and",    "mill",  "turns", "stone", "grain",  "wheel",
    "river",  "flour",  "runs", "day",    "night",  "slow",  "fast",  "over",  "under",  "through",
    "bread",  "miller", "sack", "wind",   "rain",   "field", "wheat", "barn",  "bridge", "weir",
    "sluice", "gate",   "axle", "gear",   "hopper", "sieve", "dust",  "oak",   "iron",   "song"};

class LineSource {
 public:
  void AppendLine(std::string& out) {
    for (int i = 0; i < kWordsPerLine; ++i) {
      if (i > 0) out += ' ';
      out += NextWord();
    }
    out += '\n';
  }

 private:
  std::string_view NextWord() {
    const double uniform = static_cast<double>(random_() >> 11) * 0x1p-53;
    return kWords[static_cast<size_t>(uniform * uniform * static_cast<double>(kWords.size()))];
  }

  std::mt19937_64 random_{kSeed};
};

bool SendAll(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

// Sends lines at the given rate until the client goes away.
void Serve(int socket, double lines_per_second) {
  LineSource lines;
  std::string bytes;
  uint64_t sent = 0;
  const auto start = std::chrono::steady_clock::now();
  for (auto now = start;; now += kPacing) {
    std::this_thread::sleep_until(now);
    const double elapsed = std::chrono::duration<double>(now - start).count();
    const auto due = static_cast<uint64_t>(std::floor(elapsed * lines_per_second));
    bytes.clear();
    for (; sent < due; ++sent) lines.AppendLine(bytes);
    if (!SendAll(socket, bytes)) break;
  }
  close(socket);
}

// Returns a socket that listens on loopback, or -1. The port is set to the one that was bound.
int Listen(uint16_t& port) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return -1;
  if (listen(listener, SOMAXCONN) != 0) return -1;
  socklen_t size = sizeof address;
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  port = ntohs(address.sin_port);
  return listener;
}

template <class Number>
bool Parse(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

int main(int argc, char** argv) {
  constexpr const char* kUsage = "usage: text_source PORT [LINES_PER_SECOND]\n";
  if (argc == 2 && (std::string_view(argv[1]) == "--help" || std::string_view(argv[1]) == "-h")) {
    std::fputs(kUsage, stdout);
    return 0;
  }
  uint16_t port = 0;
  double lines_per_second = 1000;
  if (argc < 2 || argc > 3 || !Parse(argv[1], port) ||
      (argc == 3 && (!Parse(argv[2], lines_per_second) || !(lines_per_second > 0)))) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  const int listener = Listen(port);
  if (listener < 0) {
    std::fprintf(stderr, "text_source: cannot listen on 127.0.0.1:%d: %s\n", port, std::strerror(errno));
    return 1;
  }
  std::printf("listening 127.0.0.1:%d\n", port);
  std::fflush(stdout);
  while (true) {
    const int client = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (client >= 0) std::thread(Serve, client, lines_per_second).detach();
  }
}
