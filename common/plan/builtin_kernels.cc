#include "common/plan/builtin_kernels.h"

#include <millstream/exec/builtin_kernels.h>

#include <array>

namespace millstream::plan {

std::span<const exec::KernelDescriptor* const> BuiltinKernels() {
  static constexpr std::array<const exec::KernelDescriptor*, 7> kTable = {
      &exec::kConcatKernel, &exec::kCountKernel,      &exec::kEmptyKernel,   &exec::kLimitKernel,
      &exec::kRangeKernel,  &exec::kSplitLinesKernel, &exec::kTextFileKernel};
  return kTable;
}

}  // namespace millstream::plan
