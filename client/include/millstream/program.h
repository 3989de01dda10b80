#ifndef MILLSTREAM_PROGRAM_H_
#define MILLSTREAM_PROGRAM_H_

#include <millstream/streaming_context.h>

#include <chrono>
#include <concepts>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace millstream {

// The first line of main, for programs that make their contexts themselves. Takes the engine's flags
// (README.md, "Running") out of argc and argv; a mistake there is one line on stderr and exit 2. In a process
// that the engine started as an executor it serves and exits.
void Init(int* argc, char*** argv);

// What is left for the program after the engine's flags, without its name; the same in every process and
// task.
std::span<const std::string> Args();

// The absolute path, in this process, of a file that --files (millstream.files) names, by its base name: on a
// cluster a copy in the working directory of every executor, and of a driver that runs on a worker; elsewhere
// the file itself. Of another name: where it would be in the working directory. Thread-safe.
std::string GetFile(std::string_view name);

struct RunOptions {
  std::string_view app_name = {};                  // Config::SetAppName()
  std::chrono::milliseconds batch_interval{1000};  // --batch-interval wins
  void (*on_process_start)() = nullptr;  // called once in every process, before anything else of the program
  Clock* clock = nullptr;                // the system's
};

// A whole program: Init, a StreamingContext, `build`, Start, AwaitTermination. Returns the exit code for
// main (README.md, "Exit codes"): 0 done or stopped by SIGTERM or SIGINT after everything received was
// processed, 1 a batch failed or `build` threw, 2 usage, configuration or graph. `build` may return an
// absl::Status.
int Run(int argc, char** argv, const RunOptions& options,
        const std::function<absl::Status(StreamingContext&)>& build);

template <class F>
requires std::is_void_v<std::invoke_result_t<F&, StreamingContext&>>
int Run(int argc, char** argv, const RunOptions& options, F build) {
  return Run(argc, argv, options,
             std::function<absl::Status(StreamingContext&)>([&build](StreamingContext& ssc) {
               build(ssc);
               return absl::OkStatus();
             }));
}

}  // namespace millstream

#endif  // MILLSTREAM_PROGRAM_H_
