// The reference of B1: a program that does nothing but count words, written by hand for this machine's core.
//
//   word_count --tcp [HOST:]PORT    connects, counts the words of each second, until the peer closes or
//   SIGTERM word_count --memory THREADS TEXTS REPEATS
//                                   counts the words of TEXTS texts of 1 MiB, REPEATS times, with 1 or 2
//                                   threads
//
// Each batch is one line on stdout, `batch TIME_MS RESULTS WORDS CHECKSUM`; totals follow as one JSON object.
#include <emmintrin.h>
#include <netdb.h>
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
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "bench/reference/word_table.h"
#include "bench/text/zipf_lines.h"

namespace millstream::bench {
namespace {

volatile std::sig_atomic_t stop_asked = 0;

[[noreturn]] void Fail(const std::string& what) {
  std::fprintf(stderr, "word_count: %s\n", what.c_str());
  std::exit(1);
}

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) { return double(t.tv_sec) + double(t.tv_usec) * 1e-6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Bit i is set if byte i of the 64 at `p` is a space or one of \t \n \v \f \r.
inline uint64_t WhitespaceMask(const char* p) {
  uint64_t mask = 0;
  for (int i = 0; i < 4; ++i) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 16 * i));
    const __m128i space = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(' '));
    const __m128i from_tab = _mm_sub_epi8(bytes, _mm_set1_epi8('\t'));
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(from_tab, _mm_set1_epi8('\r' - '\t')), from_tab);
    const int bits = _mm_movemask_epi8(_mm_or_si128(space, control));
    mask |= static_cast<uint64_t>(static_cast<uint32_t>(bits)) << (16 * i);
  }
  return mask;
}

constexpr size_t kTextPadding = 64 + WordTable::kPadding;  // readable bytes that must follow a counted text

// Counts the words of [text, text + size), in groups whose slots are on their way while the next words are
// found. Returns how many there were.
uint64_t CountWords(const char* text, size_t size, WordTable& table) {
  constexpr size_t kGroup = 64;
  WordTable::Key group[kGroup];
  size_t grouped = 0;
  uint64_t words = 0;
  size_t begin = 0;  // of the word that is being read
  const auto count_group = [&] {
    for (size_t i = 0; i < grouped; ++i) table.Add(group[i], 1);
    words += grouped;
    grouped = 0;
  };
  const auto end_word = [&](size_t end) {
    if (end > begin) {
      group[grouped] = WordTable::KeyOf({text + begin, end - begin});
      table.Prefetch(group[grouped]);
      if (++grouped == kGroup) count_group();
    }
    begin = end + 1;
  };
  for (size_t base = 0; base < size; base += 64) {
    uint64_t mask = WhitespaceMask(text + base);
    if (size - base < 64) mask &= (uint64_t{1} << (size - base)) - 1;
    for (; mask != 0; mask &= mask - 1) end_word(base + static_cast<size_t>(__builtin_ctzll(mask)));
  }
  end_word(size);
  count_group();
  return words;
}

struct Totals {
  uint64_t bytes = 0;
  uint64_t words = 0;
  uint64_t results = 0;  // distinct words of each batch, summed up
  uint64_t batches = 0;
  uint64_t checksum = 0;
};

void EndBatch(int64_t time_ms, uint64_t words, WordTable& table, Totals& totals) {
  uint64_t checksum = 0;
  table.ForEach([&](std::string_view word, uint64_t count) { checksum += WordChecksum(word, count); });
  std::printf("batch %lld %zu %llu %llu\n", static_cast<long long>(time_ms), table.size(),
              static_cast<unsigned long long>(words), static_cast<unsigned long long>(checksum));
  std::fflush(stdout);
  totals.words += words;
  totals.results += table.size();
  totals.checksum += checksum;
  ++totals.batches;
  table.Clear();
}

void PrintTotals(const Totals& totals, double cpu_seconds) {
  std::printf(
      "{\"bytes\": %llu, \"words\": %llu, \"results\": %llu, \"batches\": %llu, \"checksum\": %llu, "
      "\"cpu_s\": %.4f, \"gb_per_cpu_s\": %.4f}\n",
      static_cast<unsigned long long>(totals.bytes), static_cast<unsigned long long>(totals.words),
      static_cast<unsigned long long>(totals.results), static_cast<unsigned long long>(totals.batches),
      static_cast<unsigned long long>(totals.checksum), cpu_seconds,
      static_cast<double>(totals.bytes) * 1e-9 / cpu_seconds);
}

int Connect(const std::string& host, const std::string& port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* addresses = nullptr;
  if (const int error = getaddrinfo(host.c_str(), port.c_str(), &hints, &addresses); error != 0) {
    Fail(host + ":" + port + ": " + gai_strerror(error));
  }
  int fd = -1;
  for (const addrinfo* a = addresses; a != nullptr && fd < 0; a = a->ai_next) {
    fd = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
    if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) != 0) {
      close(fd);
      fd = -1;
    }
  }
  freeaddrinfo(addresses);
  if (fd < 0) Fail("cannot connect to " + host + ":" + port);
  return fd;
}

int64_t NowMs() {
  using std::chrono::system_clock;
  return std::chrono::duration_cast<std::chrono::milliseconds>(system_clock::now().time_since_epoch())
      .count();
}

void CountFromSocket(const std::string& host, const std::string& port) {
  constexpr size_t kBufferBytes = 256 << 10;  // stays in the second-level cache
  constexpr int64_t kBatchMs = 1000;
  const int fd = Connect(host, port);
  const timeval wake_up{.tv_sec = 0, .tv_usec = 50'000};  // so that a batch ends in time without input, too
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wake_up, sizeof(wake_up));
  std::vector<char> buffer(kBufferBytes + kTextPadding);
  WordTable table;
  Totals totals;
  uint64_t batch_words = 0;
  size_t filled = 0;  // bytes of an unfinished line at the start of the buffer
  int64_t batch_end = (NowMs() / kBatchMs + 1) * kBatchMs;
  const double cpu_before = CpuSeconds();
  while (stop_asked == 0) {
    if (const int64_t now = NowMs(); now >= batch_end) {
      EndBatch(batch_end, batch_words, table, totals);
      batch_words = 0;
      batch_end = (now / kBatchMs + 1) * kBatchMs;
    }
    const ssize_t received = recv(fd, buffer.data() + filled, kBufferBytes - filled, 0);
    if (received == 0) break;
    if (received < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (received < 0) Fail(std::string("receiving: ") + std::strerror(errno));
    totals.bytes += static_cast<uint64_t>(received);
    filled += static_cast<size_t>(received);
    const size_t newline = std::string_view(buffer.data(), filled).rfind('\n');
    if (newline == std::string_view::npos) {
      if (filled == kBufferBytes) Fail("a line is longer than the buffer");
      continue;
    }
    batch_words += CountWords(buffer.data(), newline + 1, table);
    filled -= newline + 1;
    std::memmove(buffer.data(), buffer.data() + newline + 1, filled);
  }
  batch_words += CountWords(buffer.data(), filled, table);
  EndBatch(batch_end, batch_words, table, totals);
  PrintTotals(totals, CpuSeconds() - cpu_before);
  close(fd);
}

// Half of the texts per thread, each with a table of its own; the smaller table is then added to the larger.
uint64_t CountTexts(const std::vector<std::string>& texts, std::vector<WordTable>& tables) {
  const size_t num_threads = tables.size();
  std::vector<uint64_t> words(num_threads);
  const auto count_share = [&](size_t thread) {
    uint64_t counted = 0;
    for (size_t i = thread; i < texts.size(); i += num_threads) {
      counted += CountWords(texts[i].data(), texts[i].size() - kTextPadding, tables[thread]);
    }
    words[thread] = counted;
  };
  std::vector<std::thread> threads;
  for (size_t i = 1; i < num_threads; ++i) threads.emplace_back(count_share, i);
  count_share(0);
  for (std::thread& thread : threads) thread.join();
  for (size_t i = 1; i < num_threads; ++i) {
    tables[i].ForEach(
        [&](std::string_view word, uint64_t count) { tables[0].Add(WordTable::KeyOf(word), count); });
    tables[i].Clear();
    words[0] += words[i];
  }
  return words[0];
}

void CountInMemory(size_t num_threads, size_t num_texts, size_t repeats) {
  constexpr size_t kTextLines = (1 << 20) / kLineBytes;
  LineMaker maker({});
  std::vector<std::string> texts(num_texts);
  for (std::string& text : texts) {
    maker.Append(kTextLines, text);
    text.append(kTextPadding, '\0');
  }
  std::vector<WordTable> tables(num_threads);
  Totals warm_up;
  EndBatch(0, CountTexts(texts, tables), tables[0], warm_up);
  Totals totals;
  const double cpu_before = CpuSeconds();
  for (size_t i = 0; i < repeats; ++i) {
    EndBatch(0, CountTexts(texts, tables), tables[0], totals);
    totals.bytes += num_texts * kTextLines * kLineBytes;
  }
  PrintTotals(totals, CpuSeconds() - cpu_before);
}

int Main(int argc, char** argv) {
  const std::vector<std::string> args(argv + 1, argv + argc);
  if (args.size() == 2 && args[0] == "--tcp") {
    struct sigaction action {};
    action.sa_handler = [](int) { stop_asked = 1; };
    sigaction(SIGTERM, &action, nullptr);
    const size_t colon = args[1].rfind(':');
    const bool has_host = colon != std::string::npos;
    CountFromSocket(has_host ? args[1].substr(0, colon) : "127.0.0.1",
                    has_host ? args[1].substr(colon + 1) : args[1]);
    return 0;
  }
  if (args.size() == 4 && args[0] == "--memory") {
    CountInMemory(std::clamp(std::strtoul(args[1].c_str(), nullptr, 10), 1UL, 2UL),
                  std::strtoul(args[2].c_str(), nullptr, 10), std::strtoul(args[3].c_str(), nullptr, 10));
    return 0;
  }
  std::fprintf(stderr, "usage: word_count --tcp [HOST:]PORT | --memory THREADS TEXTS REPEATS\n");
  return 2;
}

}  // namespace
}  // namespace millstream::bench

int main(int argc, char** argv) { return millstream::bench::Main(argc, argv); }
