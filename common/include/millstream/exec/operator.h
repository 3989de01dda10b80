#ifndef MILLSTREAM_EXEC_OPERATOR_H_
#define MILLSTREAM_EXEC_OPERATOR_H_

#include <millstream/exec/chunk.h>
#include <millstream/exec/kernel.h>
#include <millstream/exec/row_type.h>
#include <millstream/exec/task_error.h>

#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace millstream::exec {

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

class PoisonedChunks;

// The part of an Operator that is compiled once.
class UntypedOperator : public ChunkStream {
 public:
  ~UntypedOperator() override;

 protected:
  // `rows`: those of the input.
  UntypedOperator(KernelArgs& args, const RowType& rows);

  // The next input chunk; false at the end. Whatever this kernel handed out before is invalid from here on.
  bool Pull(Chunk& chunk);
  // Throws FailedPrecondition naming this operation if its output is made of consumed text; for the test kit.
  void RefuseKeptViews(const Chunk& output, const RowType& type) const;

  TaskEnv& env_;
  const char* const operation_;

 private:
  const RowType& rows_;
  const std::unique_ptr<ChunkStream> input_;
  std::unique_ptr<PoisonedChunks> poisoned_;  // in the test kit
};

// A kernel that reads one parent's rows of type T and runs the user's code.
template <class T>
class Operator : public UntypedOperator {
 protected:
  explicit Operator(KernelArgs& args) : UntypedOperator(args, kRowType<T>) {}

  // Gives `rows` as this kernel's output chunk.
  template <class U>
  void Give(RowBuffer<U>& rows, Chunk& out) {
    out = rows.chunk();
    if (env_.poison) [[unlikely]]
      RefuseKeptViews(out, kRowType<U>);
  }
};

// The descriptor of a kernel class that is constructible from KernelArgs&. A class for rows of std::string
// that names its counterpart for rows of std::string_view as `OverViews` has that known, too.
template <class Kernel, class In, class Out>
struct Describe {
  static std::unique_ptr<ChunkStream> Make(KernelArgs args) {
    return std::unique_ptr<ChunkStream>(new Kernel(args));
  }
  static constexpr uint64_t Signature(auto* tag) {
    using Row = std::remove_pointer_t<decltype(tag)>;
    if constexpr (std::is_void_v<Row>)
      return 0;
    else
      return SignatureOf<Row>();
  }
  static constexpr const KernelDescriptor* OverViews() {
    if constexpr (std::is_same_v<In, std::string> && requires { typename Kernel::OverViews; }) {
      return &Describe<typename Kernel::OverViews, std::string_view, Out>::descriptor;
    } else {
      return nullptr;
    }
  }
  static constexpr KernelDescriptor descriptor{.make = &Make,
                                               .input_signature = Signature(static_cast<In*>(nullptr)),
                                               .output_signature = Signature(static_cast<Out*>(nullptr)),
                                               .over_views = OverViews()};
};

}  // namespace millstream::exec

#endif  // MILLSTREAM_EXEC_OPERATOR_H_
