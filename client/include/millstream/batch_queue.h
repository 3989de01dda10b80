#ifndef MILLSTREAM_BATCH_QUEUE_H_
#define MILLSTREAM_BATCH_QUEUE_H_

#include <millstream/context.h>

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace millstream {

// Batches for QueueStream: a handle to a queue that many threads may push to, before and after the stream
// started. What is pushed waits in memory until a batch takes it.
template <class T>
class BatchQueue {
 public:
  // An RDD of the stream's context.
  void Push(RDD<T> rdd) const { Put({std::move(rdd), {}}); }
  // Rows, dealt to as many partitions as the context has cores.
  void Push(std::vector<exec::StorageOf<T>> rows) const { Put({{}, std::move(rows)}); }

  struct Entry {
    RDD<T> rdd;  // or, if null:
    std::vector<exec::StorageOf<T>> rows;
  };

  // The oldest batch, if there is one; for the engine.
  std::optional<Entry> Pop() const {
    std::lock_guard lock(state_->mutex);
    if (state_->entries.empty()) return std::nullopt;
    Entry entry = std::move(state_->entries.front());
    state_->entries.pop_front();
    return entry;
  }

 private:
  struct State {
    std::mutex mutex;
    std::deque<Entry> entries;
  };
  void Put(Entry entry) const {
    std::lock_guard lock(state_->mutex);
    state_->entries.push_back(std::move(entry));
  }

  std::shared_ptr<State> state_ = std::make_shared<State>();
};

template <class T>
struct QueueStreamOptions {
  bool one_at_a_time = true;               // false: a batch takes all that is queued, as one union
  std::optional<RDD<T>> default_rdd = {};  // for a batch that finds the queue empty; else an RDD without rows
  std::optional<int> num_partitions = {};  // of pushed rows; unless set, the default parallelism
};

}  // namespace millstream

#endif  // MILLSTREAM_BATCH_QUEUE_H_
