#include "tests/support/cluster.h"

#include <stdlib.h>

#include <cstdio>
#include <filesystem>
#include <utility>

#include "tests/support/proc.h"

namespace millstream::test {
namespace {

std::string NewDirectory() {
  std::string path = std::filesystem::temp_directory_path() / "millstream-cluster-XXXXXX";
  if (mkdtemp(path.data()) == nullptr) std::abort();
  return path;
}

// What follows "ready " on the first line.
std::string AwaitReady(const Process& daemon) {
  if (!daemon.AwaitOut("\n")) {
    std::fprintf(stderr, "a daemon did not come up: %s\n", daemon.err().c_str());
    std::abort();
  }
  const std::string out = daemon.out();
  const std::string line = out.substr(0, out.find('\n'));
  return line.starts_with("ready ") ? line.substr(6) : "";
}

}  // namespace

std::vector<std::string> MillstreamCommand(const std::string& bin_dir, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), bin_dir + "/millstream");
  return arguments;
}

Cluster::Cluster(std::string bin_dir, std::string secret_file)
    : bin_dir_(std::move(bin_dir)), secret_file_(std::move(secret_file)), directory_(NewDirectory()) {
  StartMaster(0);
}

Cluster::~Cluster() {
  workers_.clear();
  master_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

std::vector<std::string> Cluster::Command(std::vector<std::string> arguments) const {
  if (!secret_file_.empty()) arguments.insert(arguments.begin() + 1, {"--secret-file", secret_file_});
  return MillstreamCommand(bin_dir_, std::move(arguments));
}

void Cluster::StartMaster(int port) {
  master_ = std::make_unique<Process>(
      Command({"master", "--port", std::to_string(port), "--work-dir", directory_ + "/master"}));
  url_ = AwaitReady(*master_);
}

void Cluster::RestartMaster() { StartMaster(std::stoi(url_.substr(url_.rfind(':') + 1))); }

Process& Cluster::AddWorker(int cores, const std::string& master, const std::vector<std::string>& flags) {
  std::vector<std::string> arguments{"worker", "--cores",    std::to_string(cores),           "--memory",
                                     "4g",     "--work-dir", WorkDirectoryOf(workers_.size())};
  arguments.insert(arguments.end(), flags.begin(), flags.end());
  arguments.push_back(master.empty() ? url_ : master);
  workers_.push_back(std::make_unique<Process>(Command(std::move(arguments))));
  AwaitReady(*workers_.back());
  return *workers_.back();
}

std::string Cluster::WorkDirectoryOf(size_t worker) const {
  return directory_ + "/worker" + std::to_string(worker);
}

std::vector<pid_t> Cluster::Executors() const {
  std::vector<pid_t> executors;
  for (const auto& worker : workers_) {
    for (const pid_t child : ChildrenOf(worker->pid())) executors.push_back(child);
  }
  return executors;
}

std::string Cluster::List() const {
  Process list(Command({"list", "--master", url_}));
  list.AwaitExit();
  return list.out();
}

}  // namespace millstream::test
