#include "deploy/worker/lanes.h"

#include <utility>

namespace millstream::deploy {

Lanes::~Lanes() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return lanes_.empty(); });
  JoinEnded();
}

void Lanes::Run(const std::string& name, std::function<void()> task) {
  std::lock_guard lock(mutex_);
  JoinEnded();
  Lane& lane = lanes_[name];
  lane.tasks.push_back(std::move(task));
  if (!lane.thread.joinable()) lane.thread = std::thread([this, name] { Loop(name); });
}

void Lanes::Loop(const std::string& name) {
  std::unique_lock lock(mutex_);
  Lane& lane = lanes_.at(name);
  while (!lane.tasks.empty()) {
    const std::function<void()> task = std::move(lane.tasks.front());
    lane.tasks.pop_front();
    lock.unlock();
    task();
    lock.lock();
  }
  ended_.push_back(std::move(lane.thread));
  lanes_.erase(name);
  changed_.notify_all();
}

void Lanes::JoinEnded() {
  for (std::thread& thread : ended_) thread.join();
  ended_.clear();
}

}  // namespace millstream::deploy
