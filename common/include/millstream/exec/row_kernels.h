// Rows to slices and back, and to text: what is kept, collected, dealt out without a key or printed.
#ifndef MILLSTREAM_EXEC_ROW_KERNELS_H_
#define MILLSTREAM_EXEC_ROW_KERNELS_H_

#include <millstream/exec/kernel.h>
#include <millstream/exec/print.h>
#include <millstream/exec/row_type.h>

#include <cstddef>
#include <memory>
#include <string>

namespace millstream::exec {

[[noreturn]] void ThrowCorruptRows(const char* operation);

// Compiled once; they take the type of their rows from the descriptor.
//
// Writes every row, encoded, to partition 0 of the sink.
std::unique_ptr<ChunkStream> MakeEncodeKernel(KernelArgs args);
// Rows from slices; views point into the slice, which is held until its last chunk was consumed.
std::unique_ptr<ChunkStream> MakeDecodeKernel(KernelArgs args);
// Deals encoded rows to the reducers in turn, from a start that differs by map partition.
std::unique_ptr<ChunkStream> MakeDealKernel(KernelArgs args);

template <class T>
inline constexpr KernelDescriptor kEncodeKernel{
    .make = &MakeEncodeKernel, .input_signature = SignatureOf<T>(), .rows = &kRowType<T>};
template <class T>
inline constexpr KernelDescriptor kDecodeKernel{
    .make = &MakeDecodeKernel, .output_signature = SignatureOf<T>(), .rows = &kRowType<T>};
template <class T>
inline constexpr KernelDescriptor kDealKernel{
    .make = &MakeDealKernel, .input_signature = SignatureOf<T>(), .rows = &kRowType<T>};

// Each row as Print and text files show it. `append` appends the text of rows[i] to texts[i].
using AppendTexts = void (*)(const void* rows, size_t count, std::string* texts);
std::unique_ptr<ChunkStream> MakeTextKernel(KernelArgs& args, AppendTexts append);

template <class T>
struct TextKernel {
  static void Append(const void* rows, size_t count, std::string* texts) {
    for (size_t i = 0; i < count; ++i) AppendText(texts[i], static_cast<const T*>(rows)[i]);
  }
  static std::unique_ptr<ChunkStream> Make(KernelArgs args) { return MakeTextKernel(args, &Append); }
  static constexpr KernelDescriptor descriptor{.make = &Make,
                                               .input_signature = SignatureOf<T>(),
                                               .output_signature = SignatureOf<std::string>(),
                                               .rows = &kRowType<T>};
};

}  // namespace millstream::exec

#endif  // MILLSTREAM_EXEC_ROW_KERNELS_H_
