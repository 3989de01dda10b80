#include "common/plan/kernel_refs.h"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "common/plan/builtin_kernels.h"
#include "common/plan/modules.h"

namespace millstream::plan {
namespace {

struct NativePlace {
  std::shared_ptr<const LoadedModule> module;
  uint64_t offset = 0;
};

// Where a descriptor of this process lies. Code is never unloaded, so that what was found once stays true.
const NativePlace* PlaceOf(const exec::KernelDescriptor* kernel) {
  static std::mutex mutex;
  static std::unordered_map<const exec::KernelDescriptor*, NativePlace> places;
  static std::map<uint64_t, std::shared_ptr<const LoadedModule>> modules;  // by base
  const std::lock_guard lock(mutex);
  if (const auto found = places.find(kernel); found != places.end()) return &found->second;
  std::optional<LoadedModule> module = ModuleOfAddress(kernel);
  if (!module) return nullptr;
  auto& shared = modules[module->base];
  if (shared == nullptr) shared = std::make_shared<const LoadedModule>(*std::move(module));
  const uint64_t offset = reinterpret_cast<uint64_t>(kernel) - shared->base;
  return &places.emplace(kernel, NativePlace{shared, offset}).first->second;
}

uint32_t ModuleIndex(const LoadedModule& module, Modules& modules) {
  for (int i = 0; i < modules.size(); ++i) {
    if (modules[i].path() == module.path) return static_cast<uint32_t>(i);
  }
  proto::Module* added = modules.Add();
  added->set_path(module.path);
  added->set_build_id(module.build_id);
  return static_cast<uint32_t>(modules.size() - 1);
}

absl::StatusOr<const exec::KernelDescriptor*> ResolveNative(const Modules& modules,
                                                            const proto::KernelRef::Native& native) {
  if (native.module() >= static_cast<uint32_t>(modules.size())) {
    return absl::InvalidArgumentError("a plan names module " + std::to_string(native.module()) + " of " +
                                      std::to_string(modules.size()));
  }
  const proto::Module& wanted = modules[static_cast<int>(native.module())];
  absl::StatusOr<LoadedModule> module = ModuleOfBuild(wanted.path(), wanted.build_id());
  if (!module.ok()) return module.status();
  const uint64_t address = module->base + native.offset();
  const auto* kernel = reinterpret_cast<const exec::KernelDescriptor*>(address);
  if (address % alignof(exec::KernelDescriptor) != 0 || !module->Contains(address, sizeof(*kernel)) ||
      kernel->magic != exec::kKernelMagic || kernel->make == nullptr) {
    return absl::InvalidArgumentError("a plan names no kernel at offset " + std::to_string(native.offset()) +
                                      " of " +
                                      (wanted.path().empty() ? std::string("the program") : wanted.path()));
  }
  return kernel;
}

}  // namespace

void EncodeClosure(const Closure& closure, Modules& modules, proto::Closure& out) {
  out.set_state(closure.state);
  if (closure.kernel == nullptr) return;
  if (closure.kernel->builtin != nullptr) {
    proto::KernelRef::Builtin* builtin = out.mutable_kernel()->mutable_builtin();
    builtin->set_name(closure.kernel->builtin);
    builtin->set_version(closure.kernel->builtin_version);
    return;
  }
  if (const NativePlace* place = PlaceOf(closure.kernel)) {
    proto::KernelRef::Native* native = out.mutable_kernel()->mutable_native();
    native->set_module(ModuleIndex(*place->module, modules));
    native->set_offset(place->offset);
  }
}

absl::StatusOr<const exec::KernelDescriptor*> ResolveKernel(const Modules& modules,
                                                            const proto::Closure& closure) {
  switch (closure.kernel().kind_case()) {
    case proto::KernelRef::kNative:
      return ResolveNative(modules, closure.kernel().native());
    case proto::KernelRef::kBuiltin: {
      const auto& builtin = closure.kernel().builtin();
      if (const auto* kernel = FindBuiltin(builtin.name(), builtin.version())) return kernel;
      return absl::FailedPreconditionError("this build has no kernel " + builtin.name() + " version " +
                                           std::to_string(builtin.version()));
    }
    case proto::KernelRef::KIND_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError("a plan leaves out a kernel");
}

const std::string& MainBuildId() {
  static const std::string id = MainModule().build_id;
  return id;
}

std::string HexText(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (const char byte : bytes) {
    text += kDigits[static_cast<uint8_t>(byte) >> 4];
    text += kDigits[static_cast<uint8_t>(byte) & 15];
  }
  return text;
}

const exec::KernelDescriptor* FindBuiltin(std::string_view name, uint32_t version) {
  static const std::map<std::pair<std::string_view, uint32_t>, const exec::KernelDescriptor*> table = [] {
    std::map<std::pair<std::string_view, uint32_t>, const exec::KernelDescriptor*> built;
    for (const exec::KernelDescriptor* kernel : BuiltinKernels()) {
      built.emplace(std::pair(std::string_view(kernel->builtin), kernel->builtin_version), kernel);
    }
    return built;
  }();
  const auto found = table.find({name, version});
  return found == table.end() ? nullptr : found->second;
}

}  // namespace millstream::plan
