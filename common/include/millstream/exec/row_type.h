// What code that is compiled once, for all rows, must know of rows of one type.
#ifndef MILLSTREAM_EXEC_ROW_TYPE_H_
#define MILLSTREAM_EXEC_ROW_TYPE_H_

#include <millstream/exec/codec.h>
#include <millstream/exec/text_walk.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace millstream::exec {

// Is shown the texts of rows, one by one.
class TextVisitor {
 public:
  virtual void VisitString(char* text, size_t size) = 0;      // may be changed in place
  virtual void VisitView(const char* text, size_t size) = 0;  // of a view, or of a string that is const

 protected:
  ~TextVisitor() = default;
};

// Plain functions, one set per type of rows; each works on many rows, so that a call costs little per row.
struct RowType {
  // Most rows of one call of `encode`.
  static constexpr size_t kBatch = 256;

  size_t size = 0;
  size_t align = 1;
  // Appends the encodings of at most kBatch of `count` rows; ends[i] is out.size() behind that of row i.
  // Stops early when `out` has grown large. Returns how many rows it encoded, at least one.
  size_t (*encode)(const void* rows, size_t count, Encoder& out, size_t* ends) = nullptr;
  // Constructs rows[count], rows[count + 1] ... until `in` is empty or there are `capacity`; `count` is right
  // even if it throws. False: the bytes are malformed, and the last row is unspecified.
  bool (*decode)(Decoder& in, void* rows, size_t& count, size_t capacity) = nullptr;
  void (*destroy)(void* rows, size_t count) = nullptr;                            // null: nothing to do
  void (*visit_texts)(void* rows, size_t count, TextVisitor& visitor) = nullptr;  // null: there are none
  // Rows of the same encoding that view it where these own a copy; null: there are none.
  const RowType* views = nullptr;
};

template <class T>
struct RowFunctions {
  static size_t Encode(const void* rows, size_t count, Encoder& out, size_t* ends);
  static bool Decode(Decoder& in, void* rows, size_t& count, size_t capacity);
  static void Destroy(void* rows, size_t count);
  static void VisitTexts(void* rows, size_t count, TextVisitor& visitor);
};

template <class T>
size_t RowFunctions<T>::Encode(const void* rows, size_t count, Encoder& out, size_t* ends) {
  constexpr size_t kLarge = size_t{64} << 10;
  const T* const row = static_cast<const T*>(rows);
  size_t i = 0;
  do {
    Codec<T>::Encode(row[i], out);
    ends[i] = out.size();
  } while (++i < count && i < RowType::kBatch && out.size() < kLarge);
  return i;
}

template <class T>
bool RowFunctions<T>::Decode(Decoder& in, void* rows, size_t& count, size_t capacity) {
  while (count < capacity && !in.empty()) {
    T* const row = ::new (static_cast<T*>(rows) + count) T();
    ++count;
    if (!Codec<T>::Decode(in, *row)) return false;
  }
  return true;
}

template <class T>
void RowFunctions<T>::Destroy(void* rows, size_t count) {
  std::destroy_n(static_cast<T*>(rows), count);
}

template <class T>
void RowFunctions<T>::VisitTexts(void* rows, size_t count, TextVisitor& visitor) {
  struct Show {
    TextVisitor& visitor;
    void operator()(char* text, size_t size) const { visitor.VisitString(text, size); }
    void operator()(const char* text, size_t size) const { visitor.VisitView(text, size); }
  };
  for (size_t i = 0; i < count; ++i) ForEachText(static_cast<T*>(rows)[i], Show{visitor});
}

template <class T>
inline constexpr RowType kRowType{
    .size = sizeof(T),
    .align = alignof(T),
    .encode = &RowFunctions<T>::Encode,
    .decode = &RowFunctions<T>::Decode,
    .destroy = std::is_trivially_destructible_v<T> ? nullptr : &RowFunctions<T>::Destroy,
    .visit_texts = (kFacts<T> & kHoldsText) == 0 ? nullptr : &RowFunctions<T>::VisitTexts,
    .views = std::is_same_v<T, std::string> ? &kRowType<std::string_view> : nullptr};

// The commonest types, compiled once for all programs.
extern template struct RowFunctions<int64_t>;
extern template struct RowFunctions<std::string>;
extern template struct RowFunctions<std::string_view>;
extern template struct RowFunctions<std::pair<std::string, int64_t>>;
extern template struct RowFunctions<std::pair<std::string_view, int64_t>>;

}  // namespace millstream::exec

#endif  // MILLSTREAM_EXEC_ROW_TYPE_H_
