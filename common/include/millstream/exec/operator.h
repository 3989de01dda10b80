#ifndef MILLSTREAM_EXEC_OPERATOR_H_
#define MILLSTREAM_EXEC_OPERATOR_H_

#include <millstream/exec/chunk.h>
#include <millstream/exec/codec.h>
#include <millstream/exec/encoder.h>
#include <millstream/exec/kernel.h>
#include <millstream/exec/task_error.h>
#include <millstream/exec/text_walk.h>

#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace millstream::exec {

// What consumed text is overwritten with in the test kit: a byte that no UTF-8 text holds.
inline constexpr char kPoison = '\xF5';

// Throws FailedPrecondition naming the operation whose output is made of consumed text.
[[noreturn]] void ThrowKeptView(const char* operation);
bool IsPoison(const char* text, size_t size);

// The rows a kernel hands out: room for one chunk, made anew for each.
template <class T>
class RowBuffer {
 public:
  explicit RowBuffer(size_t capacity)
      : rows_(static_cast<T*>(::operator new (capacity * sizeof(T), std::align_val_t{alignof(T)}))),
        capacity_(capacity) {}
  ~RowBuffer() {
    Clear();
    ::operator delete (rows_, std::align_val_t{alignof(T)});
  }
  RowBuffer(const RowBuffer&) = delete;
  RowBuffer& operator=(const RowBuffer&) = delete;

  void Clear() {
    if constexpr (!std::is_trivially_destructible_v<T>) std::destroy_n(rows_, count_);
    count_ = 0;
  }
  template <class... A>
  void Emplace(A&&... parts) {
    ::new (static_cast<void*>(rows_ + count_)) T(std::forward<A>(parts)...);
    ++count_;
  }
  // For trivial T filled from outside.
  T* data() { return rows_; }
  void Resize(size_t count) { count_ = count; }

  size_t size() const { return count_; }
  size_t capacity() const { return capacity_; }
  bool full() const { return count_ == capacity_; }
  Chunk chunk() { return {rows_, count_}; }

 private:
  T* const rows_;
  const size_t capacity_;
  size_t count_ = 0;
};

// The test kit's copy of a chunk, in memory of its own whose text is overwritten when the chunk has been
// consumed and freed only with the task: a view that was kept then reads poison.
template <class T>
class PoisonedCopy {
 public:
  Chunk Of(const Chunk& chunk) {
    Consume();
    Encoder bytes;
    for (const T& row : chunk.As<T>()) Codec<T>::Encode(row, bytes);
    Copy copy{std::make_unique<std::string>(bytes.view()), std::make_unique<T[]>(chunk.count), chunk.count};
    Decoder decoder(*copy.text);
    for (T& row : copy.chunk().template As<T>()) {
      if (!Codec<T>::Decode(decoder, row))
        throw TaskError(absl::InternalError("a row does not decode as it was encoded"));
    }
    copies_.push_back(std::move(copy));
    return copies_.back().chunk();
  }

  // Overwrites the text of the last copy.
  void Consume() {
    if (copies_.empty()) return;
    std::memset(copies_.back().text->data(), kPoison, copies_.back().text->size());
    for (T& row : copies_.back().chunk().template As<T>()) ForEachText(row, Overwrite{});
  }

 private:
  struct Copy {
    std::unique_ptr<std::string> text;
    std::unique_ptr<T[]> rows;
    size_t count = 0;
    Chunk chunk() const { return {rows.get(), count}; }
  };
  struct Overwrite {
    void operator()(char* text, size_t size) const { std::memset(text, kPoison, size); }
    void operator()(const char*, size_t) const {}
  };

  std::vector<Copy> copies_;
};

// A kernel that reads one parent's rows of type T and runs the user's code.
template <class T>
class Operator : public ChunkStream {
 protected:
  explicit Operator(KernelArgs& args)
      : env_(*args.env), operation_(args.operation), input_(std::move(args.inputs.at(0))) {}

  // The next input chunk; false at the end. Whatever this kernel handed out before is invalid from here on.
  bool Pull(Chunk& chunk) {
    const bool more = input_->Next(chunk);
    env_.operation = operation_;
    if (!more) {
      if (env_.poison) [[unlikely]]
        copy_.Consume();
      return false;
    }
    if (env_.cancelled != nullptr && env_.cancelled->load(std::memory_order_relaxed)) [[unlikely]] {
      throw TaskError(absl::CancelledError("the task was cancelled"));
    }
    if (env_.poison) [[unlikely]]
      chunk = copy_.Of(chunk);
    return true;
  }

  // Gives `rows` as this kernel's output chunk.
  template <class U>
  void Give(RowBuffer<U>& rows, Chunk& out) {
    if (env_.poison) [[unlikely]] {
      const char* operation = operation_;
      for (U& row : rows.chunk().template As<U>()) {
        ForEachText(row, [operation](const char* text, size_t size) {
          if (IsPoison(text, size)) ThrowKeptView(operation);
        });
      }
    }
    out = rows.chunk();
  }

  TaskEnv& env_;
  const char* const operation_;

 private:
  std::unique_ptr<ChunkStream> input_;
  PoisonedCopy<T> copy_;
};

// The descriptor of a kernel class that is constructible from KernelArgs&.
template <class Kernel, class In, class Out>
struct Describe {
  static std::unique_ptr<ChunkStream> Make(KernelArgs args) { return std::make_unique<Kernel>(args); }
  static constexpr uint64_t Signature(auto* tag) {
    using Row = std::remove_pointer_t<decltype(tag)>;
    if constexpr (std::is_void_v<Row>)
      return 0;
    else
      return SignatureOf<Row>();
  }
  static constexpr KernelDescriptor descriptor{.make = &Make,
                                               .input_signature = Signature(static_cast<In*>(nullptr)),
                                               .output_signature = Signature(static_cast<Out*>(nullptr))};
};

}  // namespace millstream::exec

#endif  // MILLSTREAM_EXEC_OPERATOR_H_
