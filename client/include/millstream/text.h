#ifndef MILLSTREAM_TEXT_H_
#define MILLSTREAM_TEXT_H_

#include <millstream/exec/split.h>

#include <cstddef>
#include <string_view>
#include <vector>

namespace millstream {

// The words of a text: its non-empty runs between ASCII white space, as views into it. In FlatMap it splits
// whole chunks at once, with vector instructions.
struct SplitWords {
  std::vector<std::string_view> operator()(std::string_view text) const;

  class Chunks {
   public:
    size_t Next(const std::string_view* texts, size_t count, std::string_view* out, size_t capacity) {
      return exec::SplitWordsInto(texts, count, cursor_, out, capacity);
    }

   private:
    exec::LinesCursor cursor_;
  };
};

// The lines of a text, as views into it: they end at \n, and one \r before it is dropped. The last one needs
// no \n.
struct SplitLines {
  std::vector<std::string_view> operator()(std::string_view text) const;

  class Chunks {
   public:
    size_t Next(const std::string_view* texts, size_t count, std::string_view* out, size_t capacity) {
      for (; text_ < count; ++text_, position_ = 0) {
        if (const size_t lines = exec::SplitLinesInto(texts[text_], position_, out, capacity)) return lines;
      }
      return 0;
    }

   private:
    size_t text_ = 0;
    size_t position_ = 0;
  };
};

}  // namespace millstream

#endif  // MILLSTREAM_TEXT_H_
