#include "deploy/doctor/libraries.h"

#include <fcntl.h>
#include <link.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <sstream>
#include <system_error>
#include <vector>

#include "common/cli/values.h"

namespace millstream::deploy {
namespace {

// The path of the dynamic linker, which this program names to the kernel.
std::string DynamicLinker() {
  std::string path;
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* to) {
        for (int i = 0; i < info->dlpi_phnum; ++i) {
          const ElfW(Phdr)& segment = info->dlpi_phdr[i];
          if (segment.p_type != PT_INTERP) continue;
          *static_cast<std::string*>(to) = reinterpret_cast<const char*>(info->dlpi_addr + segment.p_vaddr);
        }
        return 1;  // the first is the program
      },
      &path);
  return path;
}

// What the dynamic linker writes of what `program` needs; false in `succeeded` if it cannot load it.
std::string Trace(std::string program, bool& succeeded) {
  succeeded = false;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return "";
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
  std::string linker = DynamicLinker();
  char* const argv[] = {linker.data(), program.data(), nullptr};
  // As ldd does. With it, the linker lists what it would load, and does not start the program.
  std::string trace = "LD_TRACE_LOADED_OBJECTS=1";
  std::vector<char*> environment{trace.data()};
  for (char** variable = environ; *variable != nullptr; ++variable) environment.push_back(*variable);
  environment.push_back(nullptr);
  pid_t pid = 0;
  const int error = posix_spawn(&pid, argv[0], &actions, nullptr, argv, environment.data());
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  std::string output;
  std::array<char, 4096> bytes;
  ssize_t got;
  while ((got = read(ends[0], bytes.data(), bytes.size())) > 0 || (got < 0 && errno == EINTR)) {
    if (got > 0) output.append(bytes.data(), static_cast<size_t>(got));
  }
  close(ends[0]);
  int status = 0;
  if (error == 0 && waitpid(pid, &status, 0) == pid)
    succeeded = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  return output;
}

}  // namespace

Finding CheckLibraries(const std::string& program) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(program, ignored)) {
    return Fail("program " + program,
                std::filesystem::exists(program, ignored) ? "is not a file" : "there is no such file",
                "Name the program's executable, with its path");
  }
  const std::string thing = "libraries of " + program;
  bool succeeded = false;
  const std::string list = Trace(std::filesystem::absolute(program), succeeded);
  int found = 0;
  std::string missing;
  std::istringstream lines(list);
  for (std::string line; std::getline(lines, line);) {
    const size_t arrow = line.find(" => ");
    if (arrow == line.npos) continue;
    if (line.ends_with("not found")) {
      missing.append(missing.empty() ? "" : ", ").append(cli::Trim(line.substr(0, arrow)));
    } else {
      ++found;
    }
  }
  if (!missing.empty()) {
    return Fail(thing, "this host does not have " + missing,
                "As root, install the packages they are in; libmillstream's is millstream");
  }
  if (!succeeded) {
    return Fail(thing, "the dynamic linker cannot load it: " + std::string(cli::Trim(list)),
                "Name an executable that was built for this machine");
  }
  return Ok(thing, "all " + std::to_string(found) + " are there");
}

}  // namespace millstream::deploy
