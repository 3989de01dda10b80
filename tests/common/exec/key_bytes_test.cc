#include <gtest/gtest.h>
#include <millstream/exec/key_bytes.h>

#include "tests/common/exec/codec_types.h"

namespace millstream::exec::test {
namespace {

TEST(KeyBytes, AreTheTextOfStringsAndViewsWithoutCopying) {
  Encoder scratch;
  const std::string key = "word";
  EXPECT_EQ(KeyBytes<std::string>::Of(key, scratch).data(), key.data());
  EXPECT_EQ(KeyBytes<std::string_view>::Of(key, scratch), key);
  EXPECT_TRUE(scratch.empty());
  std::string_view view;
  ASSERT_TRUE(KeyBytes<std::string_view>::Decode(key, view));
  EXPECT_EQ(view.data(), key.data());
  std::string owned;
  ASSERT_TRUE(KeyBytes<std::string>::Decode("", owned));
  EXPECT_EQ(owned, "");
}

TEST(KeyBytes, AreTheEncodingOfOtherKeys) {
  using Key = std::pair<std::string, int32_t>;
  Encoder scratch;
  EXPECT_EQ(KeyBytes<int64_t>::Of(1, scratch).size(), 8u);
  const std::string bytes(KeyBytes<Key>::Of(Key("a", 1), scratch));
  Key key;
  ASSERT_TRUE(KeyBytes<Key>::Decode(bytes, key));
  EXPECT_EQ(key, Key("a", 1));
  EXPECT_EQ((KeyBytes<std::pair<std::string_view, int32_t>>::Of({"a", 1}, scratch)), bytes);
}

TEST(KeyBytes, AreDecodedWholeOrNotAtAll) {
  Encoder scratch;
  const std::string bytes(KeyBytes<int64_t>::Of(7, scratch));
  int64_t key = 0;
  EXPECT_TRUE(KeyBytes<int64_t>::Decode(bytes, key));
  EXPECT_FALSE(KeyBytes<int64_t>::Decode(bytes + "x", key));
  EXPECT_FALSE(KeyBytes<int64_t>::Decode(bytes.substr(1), key));
}

}  // namespace
}  // namespace millstream::exec::test
