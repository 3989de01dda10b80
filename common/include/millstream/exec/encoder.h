// File: millstream/exec/encoder.h
// The byte buffer that codecs write (Encoder) and the bounds-checked cursor that they read (Decoder).
#ifndef MILLSTREAM_EXEC_ENCODER_H_
#define MILLSTREAM_EXEC_ENCODER_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace millstream::exec {

inline constexpr size_t kMaxVarintBytes = 10;

// Copies n bytes; quicker than a call of memcpy for the short texts that most records hold.
inline void CopyShort(char* to, const char* from, size_t n) {
  if (n > 16) {
    std::memcpy(to, from, n);
  } else if (n >= 8) {
    uint64_t head, tail;
    std::memcpy(&head, from, 8);
    std::memcpy(&tail, from + n - 8, 8);
    std::memcpy(to, &head, 8);
    std::memcpy(to + n - 8, &tail, 8);
  } else if (n >= 4) {
    uint32_t head, tail;
    std::memcpy(&head, from, 4);
    std::memcpy(&tail, from + n - 4, 4);
    std::memcpy(to, &head, 4);
    std::memcpy(to + n - 4, &tail, 4);
  } else if (n != 0) {
    to[0] = from[0];
    to[n / 2] = from[n / 2];
    to[n - 1] = from[n - 1];
  }
}

// The same with room for n + 16 bytes at `to`: twice as quick for texts of unforeseeable lengths, because it
// does not branch on them. It may read, and ignore, bytes behind a text of up to 16 bytes, but only in the
// same page of memory; not under sanitizers, which rightly forbid that to everyone else.
inline void CopyPadded(char* to, const char* from, size_t n) {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  asm("" : "+r"(from));  // The compiler must not conclude from the read how long the text is.
  if (n - 1 < 16 && (reinterpret_cast<uintptr_t>(from) & 4095) <= 4096 - 16) {
    uint64_t words[2];
    std::memcpy(words, from, 16);
    std::memcpy(to, words, 16);
  } else {
    CopyShort(to, from, n);
  }
#else
  CopyShort(to, from, n);
#endif
}

// Writes value at to, 7 bits a byte, low bits first; returns the end. At most kMaxVarintBytes.
inline char* WriteVarint(char* to, uint64_t value) {
  // NOLINTBEGIN(clang-analyzer-core.NullDereference): it takes text.size() + kTextPadding to be able to be 0.
  while (value >= 0x80) {
    *to++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *to++ = static_cast<char>(value);
  // NOLINTEND(clang-analyzer-core.NullDereference)
  return to;
}

// Writes length and bytes at to, which has room for kMaxVarintBytes + text.size(); returns the end.
inline char* WriteText(char* to, std::string_view text) {
  to = WriteVarint(to, text.size());
  CopyShort(to, text.data(), text.size());
  return to + text.size();
}

// Room that WritePaddedText needs besides the text.
inline constexpr size_t kTextPadding = kMaxVarintBytes + 16;

// WriteText where there is room for text.size() + kTextPadding.
inline char* WritePaddedText(char* to, std::string_view text) {
  to = WriteVarint(to, text.size());
  CopyPadded(to, text.data(), text.size());
  return to + text.size();
}

// A growing byte buffer. Not thread-safe. What view() and Reserve() return is valid until the next write or
// Clear.
class Encoder {
 public:
  Encoder() = default;
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;
  Encoder(Encoder&& other) noexcept : begin_(other.begin_), pos_(other.pos_), end_(other.end_) {
    other.begin_ = other.pos_ = other.end_ = nullptr;
  }
  Encoder& operator=(Encoder&& other) noexcept;
  ~Encoder() { ::operator delete(begin_); }

  // Room for at least n bytes at the end of what is written; Commit says how far it was filled.
  char* Reserve(size_t n) {
    if (static_cast<size_t>(end_ - pos_) < n) Grow(n);
    return pos_;
  }
  void Commit(char* end) { pos_ = end; }

  void PutVarint(uint64_t value) { Commit(WriteVarint(Reserve(kMaxVarintBytes), value)); }
  // The bytes alone, without a length.
  void PutBytes(std::string_view bytes) { PutFixed(bytes.data(), bytes.size()); }
  void PutFixed(const void* data, size_t n) {
    char* to = Reserve(n);
    if (n != 0) std::memcpy(to, data, n);
    Commit(to + n);
  }
  void PutByte(char byte) {
    *Reserve(1) = byte;
    ++pos_;
  }

  std::string_view view() const { return {begin_, size()}; }
  size_t size() const { return static_cast<size_t>(pos_ - begin_); }
  bool empty() const { return pos_ == begin_; }
  // Forgets the contents and keeps the memory.
  void Clear() { pos_ = begin_; }
  // Forgets all bytes from the size-th on. Undoes what was written since size() was `size`.
  void Truncate(size_t size) { pos_ = begin_ + size; }
  // The contents as a string; leaves the encoder empty.
  std::string Take();

 private:
  void Grow(size_t n);

  char* begin_ = nullptr;
  char* pos_ = nullptr;
  char* end_ = nullptr;
};

// Reads what an Encoder wrote. Never reads beyond the view it was given, whatever the bytes are. Each Get
// returns false when the bytes end too early or are malformed; the position is then unspecified.
class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : pos_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  bool GetVarint(uint64_t& value) {
    if (pos_ != end_ && static_cast<signed char>(*pos_) >= 0) {
      value = static_cast<unsigned char>(*pos_++);
      return true;
    }
    return GetLongVarint(value);
  }
  // A view of the next n bytes of the buffer that is read.
  bool GetBytes(size_t n, std::string_view& bytes) {
    if (remaining() < n) return false;
    bytes = std::string_view(pos_, n);
    pos_ += n;
    return true;
  }
  // A length and as many bytes, as WriteText wrote them.
  bool GetText(std::string_view& text) {
    uint64_t size;
    return GetVarint(size) && GetBytes(size, text);
  }
  bool GetFixed(void* to, size_t n) {
    if (remaining() < n) return false;
    if (n != 0) std::memcpy(to, pos_, n);
    pos_ += n;
    return true;
  }

  size_t remaining() const { return static_cast<size_t>(end_ - pos_); }
  bool empty() const { return pos_ == end_; }
  const char* position() const { return pos_; }

 private:
  bool GetLongVarint(uint64_t& value);

  const char* pos_;
  const char* end_;
};

// Appends the entries of an unordered container in the order of their bytes, so that equal containers have
// equal encodings. `ends` holds where each entry of `entries` ends: the bytes of ascending size_t.
void AppendSorted(std::string_view entries, std::string_view ends, Encoder& out);

}  // namespace millstream::exec

namespace millstream {
// What a user's own Codec writes to and reads from.
using exec::Decoder;
using exec::Encoder;
}  // namespace millstream

#endif  // MILLSTREAM_EXEC_ENCODER_H_
