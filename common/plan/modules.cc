#include "common/plan/modules.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <xxhash.h>

#include <functional>
#include <string_view>

#include "absl/status/status.h"
#include "common/plan/kernel_refs.h"

namespace millstream::plan {
namespace {

std::string BuildIdInNotes(const char* notes, size_t bytes) {
  size_t at = 0;
  const auto padded = [](size_t n) { return (n + 3) & ~size_t{3}; };
  while (at + sizeof(ElfW(Nhdr)) <= bytes) {
    const auto* note = reinterpret_cast<const ElfW(Nhdr)*>(notes + at);
    const size_t name = at + sizeof(*note);
    const size_t content = name + padded(note->n_namesz);
    const size_t end = content + padded(note->n_descsz);
    if (end > bytes) break;
    if (note->n_type == NT_GNU_BUILD_ID && std::string_view(notes + name, note->n_namesz) ==
                                               std::string_view(ELF_NOTE_GNU, sizeof(ELF_NOTE_GNU))) {
      return std::string(notes + content, note->n_descsz);
    }
    at = end;
  }
  return {};
}

std::string HashOfCode(const dl_phdr_info& info) {
  XXH64_hash_t hash = 0;
  for (size_t i = 0; i < info.dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = info.dlpi_phdr[i];
    if (header.p_type != PT_LOAD || (header.p_flags & PF_X) == 0) continue;
    hash = XXH3_64bits_withSeed(reinterpret_cast<const char*>(info.dlpi_addr + header.p_vaddr),
                                header.p_memsz, hash);
  }
  XXH64_canonical_t canonical;
  XXH64_canonicalFromHash(&canonical, hash);
  return "code" + std::string(reinterpret_cast<const char*>(canonical.digest), sizeof(canonical.digest));
}

std::string BuildIdOf(const dl_phdr_info& info) {
  for (size_t i = 0; i < info.dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = info.dlpi_phdr[i];
    if (header.p_type != PT_NOTE) continue;
    std::string id =
        BuildIdInNotes(reinterpret_cast<const char*>(info.dlpi_addr + header.p_vaddr), header.p_memsz);
    if (!id.empty()) return id;
  }
  return HashOfCode(info);
}

bool HoldsAddress(const dl_phdr_info& info, uint64_t address) {
  for (size_t i = 0; i < info.dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = info.dlpi_phdr[i];
    const uint64_t begin = info.dlpi_addr + header.p_vaddr;
    if (header.p_type == PT_LOAD && address >= begin && address < begin + header.p_memsz) return true;
  }
  return false;
}

LoadedModule Describe(const dl_phdr_info& info) {
  LoadedModule module;
  module.path = info.dlpi_name;
  module.base = info.dlpi_addr;
  module.build_id = BuildIdOf(info);
  for (size_t i = 0; i < info.dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = info.dlpi_phdr[i];
    const uint64_t begin = info.dlpi_addr + header.p_vaddr;
    if (header.p_type == PT_LOAD) module.segments.push_back({begin, begin + header.p_memsz});
  }
  return module;
}

// Calls `visit` for each loaded module until it returns true.
void VisitModules(const std::function<bool(const dl_phdr_info&)>& visit) {
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* context) {
        const auto& callback = *static_cast<const std::function<bool(const dl_phdr_info&)>*>(context);
        return callback(*info) ? 1 : 0;
      },
      const_cast<void*>(static_cast<const void*>(&visit)));
}

std::optional<LoadedModule> FindModule(const std::function<bool(const dl_phdr_info&)>& matches) {
  std::optional<LoadedModule> found;
  VisitModules([&](const dl_phdr_info& info) {
    if (matches(info)) found = Describe(info);
    return found.has_value();
  });
  return found;
}

absl::Status OtherBuild(const std::string& path, const std::string& wanted, const std::string& here) {
  return absl::FailedPreconditionError((path.empty() ? std::string("the program") : path) + " is build " +
                                       HexText(here) + " here, but build " + HexText(wanted) +
                                       " at the driver; run the same file in both");
}

}  // namespace

bool LoadedModule::Contains(uint64_t address, size_t bytes) const {
  for (const Segment& segment : segments) {
    if (address >= segment.begin && address < segment.end && bytes <= segment.end - address) return true;
  }
  return false;
}

std::optional<LoadedModule> ModuleOfAddress(const void* address) {
  return FindModule(
      [&](const dl_phdr_info& info) { return HoldsAddress(info, reinterpret_cast<uint64_t>(address)); });
}

LoadedModule MainModule() {
  return *FindModule([](const dl_phdr_info& info) { return info.dlpi_name[0] == '\0'; });
}

absl::StatusOr<LoadedModule> ModuleOfBuild(const std::string& path, const std::string& build_id) {
  const auto same_build = [&](const dl_phdr_info& info) { return BuildIdOf(info) == build_id; };
  const auto same_path = [&](const dl_phdr_info& info) { return path == info.dlpi_name; };
  std::optional<LoadedModule> module =
      FindModule(path.empty() ? std::function<bool(const dl_phdr_info&)>(same_path)
                              : std::function<bool(const dl_phdr_info&)>(same_build));
  if (!module) module = FindModule(same_path);
  if (!module && dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL) != nullptr) module = FindModule(same_path);
  if (!module)
    return absl::FailedPreconditionError(path + " cannot be loaded here: " + [] {
      const char* text = dlerror();
      return std::string(text == nullptr ? "it is another file by that name" : text);
    }());
  if (module->build_id != build_id) return OtherBuild(path, build_id, module->build_id);
  return *module;
}

}  // namespace millstream::plan
