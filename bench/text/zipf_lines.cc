#include "bench/text/zipf_lines.h"

#include <algorithm>

namespace millstream::bench {

LineMaker::LineMaker(const WordMix& mix) : mix_(mix), state_(mix.seed) {
  if (mix_.uniform) return;
  cumulative_.reserve(mix_.vocabulary);
  double sum = 0;
  for (uint32_t i = 0; i < mix_.vocabulary; ++i) cumulative_.push_back(sum += 1.0 / (i + 1));
}

// In [0, 1), by splitmix64: the standard library's distributions differ between implementations.
double LineMaker::NextUniform() {
  uint64_t z = (state_ += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1.0p-53;
}

uint32_t LineMaker::NextWord() {
  if (mix_.uniform) return static_cast<uint32_t>(NextUniform() * mix_.vocabulary);
  const double target = NextUniform() * cumulative_.back();
  const auto found = std::upper_bound(cumulative_.begin(), cumulative_.end() - 1, target);
  return static_cast<uint32_t>(found - cumulative_.begin());
}

void LineMaker::Append(size_t lines, std::string& text) {
  const size_t begin = text.size();
  text.resize(begin + lines * kLineBytes, ' ');
  char* out = text.data() + begin;
  for (size_t i = 0; i < lines * kWordsPerLine; ++i, out += kLineBytes / kWordsPerLine) {
    out[0] = 'w';
    uint32_t word = NextWord();
    for (int digit = 8; digit >= 1; --digit, word /= 10) out[digit] = static_cast<char>('0' + word % 10);
    if (i % kWordsPerLine == kWordsPerLine - 1) out[9] = '\n';
  }
}

}  // namespace millstream::bench
