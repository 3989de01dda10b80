#include "common/exec/byte_masks.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace millstream::exec {
namespace {

TEST(ByteMasksTest, EveryClassifierAgreesWithTheDefinitionForEveryByteAtEveryPlace) {
  std::string text;
  for (int shift = 0; shift < 256; ++shift) {
    for (int i = 0; i < 256; ++i) text.push_back(static_cast<char>(i + shift));
  }
  const size_t blocks = text.size() / kMaskBytes;
  std::vector<uint64_t> spaces(blocks), newlines(blocks);
  for (const Classifiers* classifiers : {&BaselineClassifiers(), &FastestClassifiers()}) {
    classifiers->spaces(text.data(), blocks, spaces.data());
    classifiers->newlines(text.data(), blocks, newlines.data());
    for (size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      const bool space = c == ' ' || c == '\t' || c == '\n' || c == '\v' || c == '\f' || c == '\r';
      ASSERT_EQ(spaces[i / kMaskBytes] >> i % kMaskBytes & 1, space) << i;
      ASSERT_EQ(newlines[i / kMaskBytes] >> i % kMaskBytes & 1, c == '\n') << i;
    }
  }
}

}  // namespace
}  // namespace millstream::exec
