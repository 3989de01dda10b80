#ifndef MILLSTREAM_TESTS_SIMULATION_VIRTUAL_TIME_H_
#define MILLSTREAM_TESTS_SIMULATION_VIRTUAL_TIME_H_

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <string_view>
#include <utility>

namespace millstream::simulation {

// Numbers that look random and are the same in every process and build (SplitMix64).
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t Next() { return Mix(state_ += 0x9e3779b97f4a7c15); }
  uint64_t Below(uint64_t end) { return Next() % end; }
  // Both ends included.
  int64_t Between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(Below(static_cast<uint64_t>(high - low) + 1));
  }
  bool Chance(uint64_t per_mille) { return Below(1000) < per_mille; }

  static uint64_t Mix(uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
  }

 private:
  uint64_t state_;
};

// What is going to happen, in the order of virtual time; what is due at the same time, in the order it was
// asked for.
class Agenda {
 public:
  int64_t now_us() const { return now_us_; }

  void After(int64_t delay_us, std::function<void()> action) {
    actions_.emplace(std::pair(now_us_ + delay_us, sequence_++), std::move(action));
  }

  // Moves time to what is due next and does it. False: nothing is due.
  bool RunNext() {
    if (actions_.empty()) return false;
    auto next = actions_.extract(actions_.begin());
    now_us_ = next.key().first;
    next.mapped()();
    return true;
  }

 private:
  int64_t now_us_ = 0;
  uint64_t sequence_ = 0;
  std::map<std::pair<int64_t, uint64_t>, std::function<void()>> actions_;
};

// A hash of everything that happened, to tell whether two runs were the same. It is made of times, numbers
// and words; never of addresses, of ids that count through the process, or of wall-clock time.
class Trace {
 public:
  void Note(int64_t now_us, std::string_view what, std::initializer_list<uint64_t> numbers) {
    Add(static_cast<uint64_t>(now_us));
    for (const char c : what) Add(static_cast<uint8_t>(c));
    for (const uint64_t number : numbers) Add(number);
  }
  uint64_t hash() const { return hash_; }

 private:
  void Add(uint64_t number) { hash_ = Random::Mix((hash_ ^ number) + 0x9e3779b97f4a7c15); }

  uint64_t hash_ = 0;
};

}  // namespace millstream::simulation

#endif  // MILLSTREAM_TESTS_SIMULATION_VIRTUAL_TIME_H_
