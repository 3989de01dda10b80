#ifndef MILLSTREAM_COMMON_PLAN_KERNEL_REFS_H_
#define MILLSTREAM_COMMON_PLAN_KERNEL_REFS_H_

#include <millstream/exec/kernel.h>

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/plan/node.h"
#include "proto/plan.pb.h"

namespace millstream::plan {

// The modules that the closures beside them name by index.
using Modules = google::protobuf::RepeatedPtrField<proto::Module>;

// Writes `closure` as (module, offset) or as a builtin's name; adds its module to `modules`.
void EncodeClosure(const Closure& closure, Modules& modules, proto::Closure& out);

// Finds the descriptor a closure names. Checks the module's build id, that the address lies in a mapped
// segment, its alignment and magic, before anything is read through it. FailedPrecondition names both builds
// when they differ.
absl::StatusOr<const exec::KernelDescriptor*> ResolveKernel(const Modules& modules,
                                                            const proto::Closure& closure);

// The build id of the main executable: the linker's, else a hash of its code in memory.
const std::string& MainBuildId();
std::string HexText(std::string_view bytes);

// The engine's own kernels, found by name in every build. Registered from one table in builtin_kernels.cc.
const exec::KernelDescriptor* FindBuiltin(std::string_view name, uint32_t version);

}  // namespace millstream::plan

#endif  // MILLSTREAM_COMMON_PLAN_KERNEL_REFS_H_
