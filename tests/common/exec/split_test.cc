#include <gtest/gtest.h>
#include <millstream/exec/split.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

namespace millstream::exec {
namespace {

using Texts = std::vector<std::string>;

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

Texts PlainWords(std::string_view text) {
  Texts words;
  std::string word;
  for (char c : text) {
    if (!IsSpace(c)) {
      word += c;
    } else if (!word.empty()) {
      words.push_back(std::exchange(word, ""));
    }
  }
  if (!word.empty()) words.push_back(word);
  return words;
}

Texts PlainLines(std::string_view text) {
  Texts lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    std::string line(text.substr(0, end));
    if (end != text.npos && !line.empty() && line.back() == '\r') line.pop_back();
    lines.push_back(line);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
  return lines;
}

using Splitter = size_t (*)(std::string_view, size_t&, std::string_view*, size_t);

// Splits in steps of `capacity`; every view must lie within the text.
Texts Split(Splitter split, std::string_view text, size_t capacity) {
  Texts found;
  std::vector<std::string_view> out(capacity);
  size_t position = 0;
  while (const size_t count = split(text, position, out.data(), capacity)) {
    for (size_t i = 0; i < count; ++i) {
      EXPECT_GE(out[i].data(), text.data());
      EXPECT_LE(out[i].data() + out[i].size(), text.data() + text.size());
      found.emplace_back(out[i]);
    }
  }
  EXPECT_EQ(split(text, position, out.data(), capacity), 0u);
  return found;
}

Texts SplitAllLines(const std::vector<std::string_view>& lines, size_t capacity) {
  Texts found;
  std::vector<std::string_view> out(capacity);
  LinesCursor cursor;
  while (const size_t count = SplitWordsInto(lines.data(), lines.size(), cursor, out.data(), capacity)) {
    found.insert(found.end(), out.begin(), out.begin() + static_cast<ptrdiff_t>(count));
  }
  return found;
}

// In memory of its own, of the exact size, so that a sanitizer sees each read outside.
struct Exact {
  explicit Exact(std::string_view text) : bytes(new char[text.size() + 1]), size(text.size()) {
    text.copy(bytes.get() + 1, text.size());
  }
  std::string_view view() const { return {bytes.get() + 1, size}; }
  std::unique_ptr<char[]> bytes;
  size_t size;
};

std::string RandomText(std::mt19937& random, size_t size, std::string_view alphabet) {
  std::string text;
  for (size_t i = 0; i < size; ++i) text += alphabet[random() % alphabet.size()];
  return text;
}

Splitter Words() {
  return
      [](std::string_view t, size_t& p, std::string_view* o, size_t c) { return SplitWordsInto(t, p, o, c); };
}

constexpr std::string_view kDense = "ab \n\t\r\v\f";
constexpr std::string_view kSparse{"abcdefghijklmnopqrstuvwxyz\x00\x08\x0e\x1f\x21\x80\x89\xa0\xff \n", 37};

TEST(SplitWordsTest, AgreesWithAPlainSplitterAtEveryLengthAndAlignment) {
  std::mt19937 random(1);
  for (std::string_view alphabet : {kDense, kSparse}) {
    for (size_t size = 0; size < 400; ++size) {
      const Exact text(RandomText(random, size, alphabet));
      const Texts expected = PlainWords(text.view());
      for (size_t skip = 0; skip < std::min<size_t>(size, 3); ++skip) {
        EXPECT_EQ(Split(Words(), text.view().substr(skip), 1000), PlainWords(text.view().substr(skip)));
      }
      for (size_t capacity : {1, 2, 3, 31, 32, 33, 40, 64})
        EXPECT_EQ(Split(Words(), text.view(), capacity), expected);
    }
  }
}

TEST(SplitWordsTest, AgreesWithAPlainSplitterOnLongTexts) {
  std::mt19937 random(2);
  for (std::string_view alphabet : {kDense, kSparse}) {
    for (size_t size : {2047, 2048, 2049, 4096, 10000, 100003}) {
      const Exact text(RandomText(random, size, alphabet));
      for (size_t capacity : {7, 64, 1024})
        EXPECT_EQ(Split(Words(), text.view(), capacity), PlainWords(text.view()));
    }
  }
}

TEST(SplitWordsTest, AWordMayBeLongerThanTheWindow) {
  const std::string text = " " + std::string(100000, 'x') + " y " + std::string(64, 'z');
  EXPECT_EQ(Split(Words(), text, 8), PlainWords(text));
  EXPECT_EQ(Split(Words(), text, 1), PlainWords(text));
}

TEST(SplitWordsTest, NothingButSpaceHasNoWords) {
  EXPECT_TRUE(Split(Words(), "", 4).empty());
  EXPECT_TRUE(Split(Words(), std::string(5000, ' '), 4).empty());
}

TEST(SplitLinesTest, AgreesWithAPlainSplitter) {
  std::mt19937 random(3);
  for (std::string_view alphabet : {std::string_view("a\n\r"), kSparse}) {
    for (size_t size = 0; size < 300; ++size) {
      const Exact text(RandomText(random, size, alphabet));
      for (size_t capacity : {1, 2, 5, 1024}) {
        EXPECT_EQ(Split(SplitLinesInto, text.view(), capacity), PlainLines(text.view()));
      }
    }
    const Exact text(RandomText(random, 70000, alphabet));
    EXPECT_EQ(Split(SplitLinesInto, text.view(), 1024), PlainLines(text.view()));
  }
}

TEST(SplitLinesTest, DropsOneCarriageReturnBeforeTheNewlineAndKeepsOthers) {
  EXPECT_EQ(Split(SplitLinesInto, "a\r\nb\r\r\n\r\n\nc\rd\r", 10), (Texts{"a", "b\r", "", "", "c\rd\r"}));
}

TEST(SplitWordsOfLinesTest, AgreesWithSplittingEachLine) {
  std::mt19937 random(4);
  for (std::string_view alphabet : {kDense, kSparse}) {
    for (size_t size : {0, 1, 63, 64, 65, 500, 40000}) {
      const Exact text(RandomText(random, size, alphabet));
      std::vector<std::string_view> lines(size + 1);
      size_t position = 0;
      lines.resize(SplitLinesInto(text.view(), position, lines.data(), lines.size()));
      for (size_t capacity : {1, 33, 1024})
        EXPECT_EQ(SplitAllLines(lines, capacity), PlainWords(text.view()));
    }
  }
}

TEST(SplitWordsOfLinesTest, JoinsNoWordsAcrossLinesThatDoNotFollowOneAnother) {
  const std::string text = "one two\nthree\r\nfour,five six";
  const std::string_view t = text;
  // Gaps that are no line end, lines out of order, empty lines and lines that touch.
  const std::vector<std::string_view> lines = {
      t.substr(15, 4), t.substr(20, 4), t.substr(0, 3),  t.substr(4, 3),  t.substr(8, 5),  t.substr(0, 3),
      t.substr(0, 0),  t.substr(3, 1),  t.substr(15, 2), t.substr(17, 2), t.substr(25, 3), ""};
  Texts expected;
  for (std::string_view line : lines) {
    for (std::string& word : PlainWords(line)) expected.push_back(std::move(word));
  }
  for (size_t capacity : {1, 2, 100}) EXPECT_EQ(SplitAllLines(lines, capacity), expected);
}

TEST(SplitWordsOfLinesTest, LinesOfTheirOwnMemoryAreNotReadPastTheirEnd) {
  std::vector<Exact> texts;
  std::vector<std::string_view> lines;
  for (size_t size = 0; size < 200; ++size) texts.emplace_back(std::string(size, 'x'));
  Texts expected;
  for (const Exact& text : texts) {
    lines.push_back(text.view());
    if (text.size > 0) expected.emplace_back(text.view());
  }
  EXPECT_EQ(SplitAllLines(lines, 16), expected);
}

}  // namespace
}  // namespace millstream::exec
