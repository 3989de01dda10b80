// The engine's own kernels: they know no row type, or only texts and integers, and need no build id.
#ifndef MILLSTREAM_EXEC_BUILTIN_KERNELS_H_
#define MILLSTREAM_EXEC_BUILTIN_KERNELS_H_

#include <millstream/exec/kernel.h>

namespace millstream::exec {

// Rows of all inputs, one input after another. State: none. Union, Coalesce.
extern const KernelDescriptor kConcatKernel;
// The number of rows, as one int64_t row. State: none.
extern const KernelDescriptor kCountKernel;
// The first n rows. State: varint n.
extern const KernelDescriptor kLimitKernel;
// Nothing, as zero rows of any type. State: none.
extern const KernelDescriptor kEmptyKernel;
// int64_t first, first + step ... of this partition's share. State: fixed64 first, fixed64 step, fixed64
// count.
extern const KernelDescriptor kRangeKernel;
// Received text -> its lines as views. State: none.
extern const KernelDescriptor kSplitLinesKernel;
// The lines of this partition's file ranges as views. State: varint partitions, then per partition varint
// ranges, each text path, varint offset, varint length.
extern const KernelDescriptor kTextFileKernel;

}  // namespace millstream::exec

#endif  // MILLSTREAM_EXEC_BUILTIN_KERNELS_H_
