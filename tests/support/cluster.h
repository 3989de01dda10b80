#ifndef MILLSTREAM_TESTS_SUPPORT_CLUSTER_H_
#define MILLSTREAM_TESTS_SUPPORT_CLUSTER_H_

#include <memory>
#include <string>
#include <vector>

#include "tests/support/process.h"

namespace millstream::test {

// The command line of `millstream ARGUMENTS...`, as the build made it.
std::vector<std::string> MillstreamCommand(const std::string& bin_dir, std::vector<std::string> arguments);

// A master and workers on this machine, in directories of their own. Everything is killed and removed with
// it.
class Cluster {
 public:
  // With `secret_file`, unless that is empty. Aborts the test program if the master does not come up.
  explicit Cluster(std::string bin_dir, std::string secret_file = "");
  ~Cluster();

  const std::string& url() const { return url_; }  // the master's
  Process& master() { return *master_; }
  // On the same port and directory, after the one before has ended.
  void RestartMaster();

  // Of `master`, if that is not empty: a way to the master. `flags` are further ones of `millstream worker`.
  Process& AddWorker(int cores, const std::string& master = "", const std::vector<std::string>& flags = {});
  std::vector<std::unique_ptr<Process>>& workers() { return workers_; }
  std::string WorkDirectoryOf(size_t worker) const;
  // The processes that workers run, worker by worker.
  std::vector<pid_t> Executors() const;

  // Where all its daemons work.
  const std::string& directory() const { return directory_; }

  // What `millstream list` prints.
  std::string List() const;

 private:
  void StartMaster(int port);
  // The command line of a command that takes --secret-file.
  std::vector<std::string> Command(std::vector<std::string> arguments) const;

  const std::string bin_dir_;
  const std::string secret_file_;
  const std::string directory_;
  std::string url_;
  std::unique_ptr<Process> master_;
  std::vector<std::unique_ptr<Process>> workers_;
};

}  // namespace millstream::test

#endif  // MILLSTREAM_TESTS_SUPPORT_CLUSTER_H_
