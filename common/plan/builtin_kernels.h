#ifndef MILLSTREAM_COMMON_PLAN_BUILTIN_KERNELS_H_
#define MILLSTREAM_COMMON_PLAN_BUILTIN_KERNELS_H_

#include <millstream/exec/kernel.h>

#include <span>

namespace millstream::plan {

// The engine's own kernels, each with a name and a version.
std::span<const exec::KernelDescriptor* const> BuiltinKernels();

}  // namespace millstream::plan

#endif  // MILLSTREAM_COMMON_PLAN_BUILTIN_KERNELS_H_
