#ifndef MILLSTREAM_EXEC_SPLIT_H_
#define MILLSTREAM_EXEC_SPLIT_H_

#include <cstddef>
#include <string_view>

namespace millstream::exec {

// Splitters that fill an array of views per call and go on where they stopped. They never read outside the
// text (but see the variant over lines) and use the widest vectors that the CPU has.

// Words: non-empty runs of bytes other than space, \t, \n, \v, \f and \r. Writes up to `capacity` words of
// text[position..] to `out`, returns how many and moves `position` past them. 0: the text is done.
size_t SplitWordsInto(std::string_view text, size_t& position, std::string_view* out, size_t capacity);

// Lines end at \n; one \r before it is dropped. The last line needs no \n. Otherwise like SplitWordsInto.
size_t SplitLinesInto(std::string_view text, size_t& position, std::string_view* out, size_t capacity);

// Where a split of an array of lines stands; starts at the first line.
struct LinesCursor {
  size_t line = 0;        // First line not begun.
  std::string_view rest;  // What is left of the run of lines begun.
};

// Words of many lines, in order; 0: all lines are done. Lines that follow one another in one block, one line
// end
// (\n or \r\n) apart, are scanned as one text: only there is the line end between two lines read.
size_t SplitWordsInto(const std::string_view* lines, size_t line_count, LinesCursor& cursor,
                      std::string_view* out, size_t capacity);

}  // namespace millstream::exec

#endif  // MILLSTREAM_EXEC_SPLIT_H_
