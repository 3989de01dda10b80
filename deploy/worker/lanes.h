#ifndef MILLSTREAM_DEPLOY_WORKER_LANES_H_
#define MILLSTREAM_DEPLOY_WORKER_LANES_H_

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace millstream::deploy {

// Runs tasks: those of one lane one after the other, in order, and lanes side by side, each on a thread that
// ends when its lane is empty. Thread-safe.
class Lanes {
 public:
  Lanes() = default;
  // Returns once all have run.
  ~Lanes();
  Lanes(const Lanes&) = delete;
  Lanes& operator=(const Lanes&) = delete;

  void Run(const std::string& lane, std::function<void()> task);

 private:
  struct Lane {
    std::deque<std::function<void()>> tasks;
    std::thread thread;
  };

  void Loop(const std::string& name);
  // The mutex is held.
  void JoinEnded();

  std::mutex mutex_;  // protects what follows
  std::condition_variable changed_;
  std::map<std::string, Lane> lanes_;  // with something to do
  std::vector<std::thread> ended_;     // past their last use of this object
};

}  // namespace millstream::deploy

#endif  // MILLSTREAM_DEPLOY_WORKER_LANES_H_
