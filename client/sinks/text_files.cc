// SaveAsTextFile: tasks write attempts' files below _temporary; when all are there, the driver moves one file
// per partition to its place and says so with _SUCCESS. A reader that waits for _SUCCESS never sees a part of
// the output.
#include <millstream/operations.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "client/context/context_core.h"
#include "common/plan/node.h"

namespace millstream::graph {
namespace {

namespace fs = std::filesystem;

std::string PartName(int partition) {
  char name[32];
  std::snprintf(name, sizeof(name), "part-%05d", partition);
  return name;
}

// Writes a partition's texts as lines of one file and yields its name.
class TextFileKernel : public exec::Operator<std::string> {
 public:
  explicit TextFileKernel(exec::KernelArgs& args)
      : Operator<std::string>(args), directory_(args.state), out_(1) {}

  bool Next(exec::Chunk& out) override {
    if (done_) return false;
    done_ = true;
    const std::string name = PartName(env_.partition) + "." + std::to_string(env_.attempt);
    const std::string path = directory_ + "/" + name;
    std::FILE* const file = std::fopen(path.c_str(), "we");
    if (file == nullptr) Fail(path);
    exec::Chunk in;
    bool ok = true;
    try {
      while (ok && Pull(in)) {
        for (const std::string& text : in.As<std::string>()) {
          ok = ok && std::fwrite(text.data(), 1, text.size(), file) == text.size() &&
               std::fputc('\n', file) != EOF;
        }
      }
    } catch (...) {
      std::fclose(file);
      throw;
    }
    ok = ok && std::fflush(file) == 0 && fsync(fileno(file)) == 0;
    const int error = errno;
    std::fclose(file);
    errno = error;
    if (!ok) Fail(path);
    out_.Emplace(name);
    out = out_.chunk();
    return true;
  }

 private:
  [[noreturn]] static void Fail(const std::string& path) {
    throw exec::TaskError(
        absl::UnavailableError("SaveAsTextFile: cannot write " + path + ": " + std::strerror(errno)));
  }

  const std::string directory_;
  exec::RowBuffer<std::string> out_;
  bool done_ = false;
};

absl::Status Failed(const std::string& what, const std::error_code& error) {
  return absl::UnavailableError("SaveAsTextFile: cannot " + what + ": " + error.message());
}

absl::Status Publish(const std::string& directory, const std::string& temporary,
                     const std::vector<std::string>& names) {
  std::error_code error;
  for (const std::string& name : names) {
    const std::string part = name.substr(0, name.find('.'));
    fs::rename(temporary + "/" + name, directory + "/" + part, error);
    if (error) return Failed("move " + part + " into " + directory, error);
  }
  fs::remove_all(temporary, error);
  std::FILE* const success = std::fopen((directory + "/_SUCCESS").c_str(), "we");
  if (success == nullptr) return Failed("write " + directory + "/_SUCCESS", {errno, std::generic_category()});
  std::fclose(success);
  return absl::OkStatus();
}

}  // namespace

absl::Status SaveAsTextFile(const Rdd& texts, const std::string& directory) {
  if (texts.node != nullptr && !texts.node->error.ok()) return texts.node->error;
  std::error_code error;
  const std::string absolute = fs::absolute(directory, error).string();
  if (fs::exists(absolute, error)) {
    return absl::AlreadyExistsError("SaveAsTextFile: output directory " + directory +
                                    " already exists. Name a new one");
  }
  const std::string temporary = absolute + "/_temporary";
  fs::create_directories(temporary, error);
  if (error) return Failed("make " + temporary, error);
  const Operation write{.name = "SaveAsTextFile",
                        .kernel = ops::Native<TextFileKernel, std::string, std::string>(temporary),
                        .rows = ops::RowsOf<std::string>()};
  absl::StatusOr<std::vector<exec::Slices>> results = Run(Apply(texts, write), "SaveAsTextFile");
  if (!results.ok()) {
    fs::remove_all(absolute, error);
    return results.status();
  }
  std::vector<std::string> names;
  for (const exec::Slices& slices : *results) {
    for (const exec::Bytes& slice : slices) {
      for (exec::Decoder decoder(slice.view); !decoder.empty();) {
        if (!exec::Codec<std::string>::Decode(decoder, names.emplace_back())) {
          return absl::DataLossError("SaveAsTextFile: a result does not decode");
        }
      }
    }
  }
  return Publish(absolute, temporary, names);
}

}  // namespace millstream::graph
